"""A run as it happens: a line when a step begins and ends, progress in between, the outcome at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from pulumi_modelstore_sandbox.display.change_lines import step_lines
from pulumi_modelstore_sandbox.display.change_list import found_change, symbol_of
from pulumi_modelstore_sandbox.display.console import Console
from pulumi_modelstore_sandbox.display.difference import ABSENT, Change
from pulumi_modelstore_sandbox.display.messages import Messages
from pulumi_modelstore_sandbox.display.style import Style, begun, done
from pulumi_modelstore_sandbox.display.summary import summary
from pulumi_modelstore_sandbox.display.tree import type_and_name
from pulumi_modelstore_sandbox.display.values import lines
from pulumi_modelstore_sandbox.engine.events import (
    Diagnostic,
    Event,
    Finished,
    StackOutputs,
    Step,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from pulumi_modelstore_sandbox.engine.values import Properties

PROGRESS_SECONDS: Final = 10.0
"""Between two lines of progress on one resource where lines cannot be rewritten."""


class ProgressText:
    """An event sink that writes what happens when it happens."""

    def __init__(
        self,
        console: Console,
        *,
        show_outputs: bool = True,
        full: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write to `console`; `clock` gives seconds."""
        self._console = console
        self._full = full
        self._show_outputs = show_outputs
        self._clock = clock
        self._running: dict[str, str] = {}
        self._told: dict[str, float] = {}
        self._kept: list[Step] = []
        self._messages = Messages()
        self._outputs = StackOutputs({}, {})

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case StepStarted(step):
                self._started(step)
            case StepSucceeded(step, seconds):
                self._succeeded(step, seconds)
            case StepFailed(step, _):
                self._messages.add(event)
                self._ended(step)
                self._step_line(step, self._console.style.error("failed"))
            case Diagnostic(ephemeral=True):
                self._progress(event)
            case Diagnostic():
                self._messages.add(event)
            case StackOutputs():
                self._outputs = event
            case Finished():
                self._finish(event)

    def _started(self, step: Step) -> None:
        if step.op in ("same", "replace"):
            return
        words = begun(step.op)
        self._running[step.urn] = words
        # A component takes no time of its own: one line is enough.
        if step.op != "refresh" and _custom(step) and not self._console.terminal:
            self._step_line(step, words)
        self._status()

    def _succeeded(self, step: Step, seconds: float) -> None:
        self._ended(step)
        if step.op in ("same", "replace"):
            return
        if step.op != "refresh":
            if _retained(step):
                self._kept.append(step)
            self._step_line(step, f"{_done(step)} ({seconds:.1f}s)" if _custom(step) else _done(step))
        elif step.new is None:
            self._step_line(step, "is gone; it leaves the state")
        elif found_change(step):
            self._step_line(step, "has changed outside of the stack; the state follows")
            for line in step_lines(step, self._console.style, full=self._full):
                self._console.line(f"       {line}")

    def _ended(self, step: Step) -> None:
        self._running.pop(step.urn, None)
        self._told.pop(step.urn, None)
        self._status()

    def _progress(self, event: Diagnostic) -> None:
        name = type_and_name(event.urn)[1] if event.urn else ""
        text = f"{name}: {event.message}" if name else event.message
        if self._console.terminal:
            if event.urn in self._running:
                self._running[event.urn] = event.message
            self._console.status(self._counted(text))
            return
        now = self._clock()
        if now - self._told.get(event.urn, -PROGRESS_SECONDS) >= PROGRESS_SECONDS:
            self._told[event.urn] = now
            self._console.line(f"   {text}")

    def _status(self) -> None:
        if self._console.terminal:
            urn = next(reversed(self._running), None)
            text = self._counted(f"{type_and_name(urn)[1]}: {self._running[urn]}") if urn else ""
            self._console.status(text)

    def _counted(self, text: str) -> str:
        return f"[{len(self._running)} running] {text}" if len(self._running) > 1 else text

    def _step_line(self, step: Step, words: str) -> None:
        style, symbol = self._console.style, symbol_of(step)
        type_, name = type_and_name(step.urn)
        self._console.line(style.symbol(symbol, f"{symbol:2} ") + f"{type_} {style.bold(name)} {words}")

    def _finish(self, event: Finished) -> None:
        console, style = self._console, self._console.style
        console.status("")
        if self._show_outputs and self._outputs.new:
            console.line(f"\n{style.bold('Outputs:')}")
            for line in outputs(self._outputs.old, self._outputs.new, style):
                console.line(f"  {line}")
        if self._kept:
            console.line(f"\n{style.bold('Kept')} (no longer in the stack, not deleted):")
            for step in self._kept:
                type_, name = type_and_name(step.urn)
                console.line(f"  {style.bold(name)} {type_} {step.old.id if step.old else ''}".rstrip())
        self._messages.show(console)
        failed = f", {style.error(f'{self._messages.errors} failed')}" if self._messages.errors else ""
        console.line(f"\n{style.bold('Resources:')} {summary(event.changes, style, preview=False)}{failed}")
        console.line(f"{style.bold('Duration:')} {event.seconds:.1f}s")


def outputs(old: Properties, new: Properties, style: Style) -> list[str]:
    """Return all outputs, those that are new or changed marked."""
    width = max(map(len, new), default=0)
    shown: list[str] = []
    for name in sorted(new):
        change = Change((name,), old.get(name, ABSENT), new[name])
        mark = " " if change.old == change.new else change.symbol
        shown += [style.symbol(mark, f"{mark} {line}") for line in lines(name.ljust(width), new[name], full=True)]
    return shown


def _custom(step: Step) -> bool:
    state = step.new or step.old
    return state is not None and state.custom


def _retained(step: Step) -> bool:
    left = step.op in ("delete", "delete-replaced")
    return left and step.old is not None and step.old.custom and step.old.retain_on_delete


def _done(step: Step) -> str:
    if _retained(step):
        return "left the stack and stays (retain_on_delete)"
    return done(step.op)
