"""One thing wrong with one argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


@dataclass(frozen=True)
class Problem:
    """What is wrong with an argument and what to do about it.

    Args:
        argument: path of the argument as the user writes it, such as `backend.bucket` or `gpu.count`.
        found: what is wrong, with the value where the value is no secret.
        remedy: what to write instead, as an instruction; empty where `found` says it.
    """

    argument: str
    found: str
    remedy: str = ""

    def under(self, prefix: str) -> Problem:
        """The same problem seen from the component whose argument `prefix` holds the settings."""
        return replace(self, argument=f"{prefix}.{self.argument}")

    def __str__(self) -> str:
        sentences = [f"{self.argument}: {self.found.rstrip('.')}."]
        if self.remedy:
            sentences.append(f"{self.remedy.rstrip('.')}.")
        return " ".join(sentences)


def problems_of(error: ValidationError) -> list[Problem]:
    """What pydantic refused, one problem a field; the refused values are not repeated, for one may be a secret."""
    return [
        Problem(".".join(map(str, detail["loc"])) or "settings", _sentence(detail["msg"]))
        for detail in error.errors(include_url=False, include_input=False)
    ]


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
