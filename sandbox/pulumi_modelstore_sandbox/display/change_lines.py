"""The lines that show what one step changes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from pulumi_modelstore_sandbox.display.difference import Absent, Change, between, changes_of
from pulumi_modelstore_sandbox.display.style import Style
from pulumi_modelstore_sandbox.display.values import inline, lines, properties
from pulumi_modelstore_sandbox.engine.events import Step
from pulumi_modelstore_sandbox.engine.values import Properties

_CONTEXT = 1
"""Unchanged lines around a changed one, in texts of several lines."""


def step_lines(step: Step, style: Style, *, full: bool = False) -> Iterator[str]:
    """Yield what a step changes: all properties of what is created, the differences of what exists."""
    if full:
        yield style.dim(f"[urn={step.urn}]")
        recorded_id = (step.old or step.new).id if (step.old or step.new) else ""  # type: ignore[union-attr]
        if recorded_id:
            yield style.dim(f"[id={recorded_id}]")
    if step.op in ("create", "create-replacement", "import", "read") and step.new is not None and step.old is None:
        yield from properties(step.new.inputs, full=full)
        return
    if step.op == "delete" and full and step.old is not None:
        yield from properties(step.old.inputs, full=full)
        return
    if step.op in ("update", "replace", "refresh", "create-replacement", "import"):
        for change in changes_of(step):
            yield from change_lines(change, style, full=full)


def output_lines(old: Properties, new: Properties, style: Style, *, full: bool = False) -> Iterator[str]:
    """Yield the stack's outputs that change, or all of them where nothing was before."""
    for change in between(old, new):
        yield from change_lines(change, style, full=full)


def change_lines(change: Change, style: Style, *, full: bool = False) -> Iterator[str]:
    """Yield one property's difference: `name: old => new`, or the lines that differ in a longer text."""
    because = " (requires replacement)" if change.replaces else ""
    if isinstance(change.old, Absent):
        text = list(lines(change.name, change.new, full=full))
        yield from (style.symbol("+", f"+ {line}") for line in [*text[:-1], text[-1] + because])
    elif isinstance(change.new, Absent):
        yield style.symbol("-", f"- {change.name}: {inline(change.old, full=full)}{because}")
    elif _long(change.old) and _long(change.new):
        yield style.symbol("~", f"~ {change.name}:{because}")
        for line in _text_difference(change.old, change.new):
            yield "    " + style.symbol(line[:1], line)
    else:
        values = f"{inline(change.old, full=full)} => {inline(change.new, full=full)}"
        yield style.symbol("~", f"~ {change.name}: {values}{because}")


def _long(value: object) -> bool:
    return isinstance(value, str) and value.count("\n") > 1


def _text_difference(old: str, new: str) -> Iterator[str]:
    compared = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=_CONTEXT)
    for number, line in enumerate(compared):
        if number >= 2:  # the two headers name files
            yield "..." if line.startswith("@@") else f"{line[:1]} {line[1:]}"
