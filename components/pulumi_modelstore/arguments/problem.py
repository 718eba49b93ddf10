"""One thing wrong with one argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


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
    return [_problem(detail) for detail in error.errors(include_url=False, include_input=True)]


def _problem(detail: ErrorDetails) -> Problem:
    argument = ".".join(map(str, detail["loc"])) or "settings"
    kind, wrong = detail["type"], type(detail["input"]).__name__
    if kind == "missing":
        return Problem(argument, "is missing", f"Give {argument}")
    if kind == "extra_forbidden":
        return Problem(argument, "is no setting that exists here", "Check its spelling, or leave it out")
    message = detail["msg"]
    if kind == "value_error":
        return Problem(argument, message.removeprefix("Value error, "))
    if kind.endswith(("_type", "_parsing", "_from_float")):
        remedy = message.removeprefix("Input should be ").split(",")[0]
        known = "Output" not in wrong
        found = f"{wrong} is of the wrong type" if known else "is an output, and a preview has to know its value"
        return Problem(argument, found, f"Pass {remedy}" if known else "Pass a plain value")
    return Problem(argument, message[:1].lower() + message[1:])
