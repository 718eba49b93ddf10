"""Refusing components: every problem of a whole program in one error.

Pulumi ends a program at its first exception, so a constructor that raises hides what is wrong with the components after
it. A refused component is recorded here instead and declares no children; the error is raised from an output once the
program's own code has run, which Pulumi waits for and reports even where that code went on to fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from weakref import WeakKeyDictionary

import pulumi

from pulumi_modelstore.arguments.problem import Problem


@dataclass(frozen=True)
class Refusal:
    """One component, or settings object without a name, that was declared with arguments it cannot have."""

    component: str
    name: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n    {problem}" for problem in self.problems)
        return f'  {self.component} "{self.name}"{lines}' if self.name else f"  {self.component}{lines}"


class InvalidArguments(pulumi.RunError):
    """Arguments that were refused before anything was declared with them.

    Attributes:
        refusals: the refused components, each with all its problems.
    """

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(refusals)
        self.refusals = refusals

    @property
    def problems(self) -> list[Problem]:
        """Every problem of every refused component, in the order of the program."""
        return [problem for refusal in self.refusals for problem in refusal.problems]

    def __str__(self) -> str:
        count = len(self.problems)
        counted = "1 invalid argument" if count == 1 else f"{count} invalid arguments"
        text = "\n".join([f"{counted}; nothing was declared with them:", *map(str, self.refusals)])
        # A file name that is no UTF-8 is in no message that an engine takes.
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


_recorded: WeakKeyDictionary[pulumi.Resource, list[Refusal]] = WeakKeyDictionary()


def refuse(refusal: Refusal) -> None:
    """Record a refused component, to be reported when the program's code has run.

    Raises:
        InvalidArguments: at once, where no stack is running (a unit test that constructs components one by one).
    """
    stack = pulumi.runtime.get_root_resource()
    if stack is None:
        raise InvalidArguments([refusal])
    if stack not in _recorded:
        _recorded[stack] = []
        _report_after_the_program(stack)
    _recorded[stack].append(refusal)


def _report_after_the_program(stack: pulumi.Resource) -> None:
    def report(_: bool) -> NoReturn:
        raise InvalidArguments(_recorded.pop(stack))

    pulumi.Output.from_input(True).apply(report)
