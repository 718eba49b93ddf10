"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pulumi_modelstore_provider.errors import without_secrets

Result: TypeAlias = Literal["ok", "failed", "not supported", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome.

    Args:
        check: its name.
        result: `not supported` where the store works otherwise than asked for, and the package can do without.
        answer: what the store answered, or why nothing was asked; without secrets.
        remedy: what to do; empty where there is nothing to do.
        needed: whether KServe or this package cannot work where it fails.
    """

    check: str
    result: Result
    answer: str = ""
    remedy: str = ""
    needed: bool = True

    @property
    def spoils(self) -> bool:
        """Whether the namespace does not work because of it."""
        return self.needed and self.result == "failed"


class Unsupported(Exception):
    """Raised by a check: the store does not do it; says what it did, and what follows from that."""

    def __init__(self, answer: str, remedy: str = "") -> None:
        super().__init__(answer)
        self.answer = answer
        self.remedy = remedy


class NothingToTry(Exception):
    """Raised by a check that lacks what it needs; says what, and how to give it."""

    def __init__(self, answer: str, remedy: str = "") -> None:
        super().__init__(answer)
        self.answer = answer
        self.remedy = remedy


def found(check: str, result: Result, answer: str, remedy: str, *, needed: bool) -> Finding:
    """Return a finding on one line, without any secret that this process has resolved."""
    return Finding(check, result, _on_a_line(answer), _on_a_line(remedy), needed)


def _on_a_line(text: str) -> str:
    return " ".join(without_secrets(text).split())
