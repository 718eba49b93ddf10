"""Every change of a run, a line each."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_modelstore_sandbox.display.style import NO_CHANGES, PARTS_OF_A_REPLACEMENT, SYMBOLS
from pulumi_modelstore_sandbox.display.tree import type_and_name
from pulumi_modelstore_sandbox.engine.events import Event, Step, StepStarted, StepSucceeded


@dataclass
class ChangeList:
    """An event sink that keeps what changes."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case StepStarted(step) if step.op not in NO_CHANGES and step.op not in PARTS_OF_A_REPLACEMENT:
                self._add(step, step.op)
            case StepSucceeded(step) if step.op == "refresh" and found_change(step):
                self._add(step, "delete" if step.new is None else "update")
            case _:
                pass

    def _add(self, step: Step, words: str) -> None:
        type_, name = type_and_name(step.urn)
        self.lines.append(f"{symbol_of(step)} {type_} {name} {words}")


def symbol_of(step: Step) -> str:
    """Return a step's symbol; what a refresh did not find is shown as deleted."""
    return "-" if step.op == "refresh" and step.new is None else SYMBOLS[step.op]


def found_change(step: Step) -> bool:
    """Tell whether a refresh found the resource gone or changed."""
    return step.new is None or bool(step.diffs or step.detailed_diff)
