"""A preview as a diff to be read: what would be created, changed, replaced and deleted, and nothing that stays."""

from __future__ import annotations

from pulumi_modelstore_sandbox.display.change_lines import output_lines, step_lines
from pulumi_modelstore_sandbox.display.change_list import found_change, symbol_of
from pulumi_modelstore_sandbox.display.console import Console
from pulumi_modelstore_sandbox.display.messages import Messages
from pulumi_modelstore_sandbox.display.style import PARTS_OF_A_REPLACEMENT
from pulumi_modelstore_sandbox.display.summary import summary
from pulumi_modelstore_sandbox.display.tree import Node, Tree, type_and_name
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


class PreviewText:
    """An event sink that writes the diff when the preview is over."""

    def __init__(self, console: Console, *, full: bool = False) -> None:
        """Write to `console`; `full` adds URNs, ids and long texts."""
        self._console = console
        self._full = full
        self._tree = Tree()
        self._messages = Messages()
        self._outputs = StackOutputs({}, {})

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case StepStarted(step):
                if step.op != "refresh":
                    self._tree.add(step)
                self._console.status(f"previewing, {len(self._tree.nodes)} resources so far")
            case StepSucceeded(step) if step.op == "refresh" and found_change(step):
                self._tree.add(step)
            case Diagnostic() | StepFailed():
                self._messages.add(event)
            case StackOutputs():
                self._outputs = event
            case Finished():
                self._finish(event)
            case _:
                pass

    def _finish(self, event: Finished) -> None:
        console, style = self._console, self._console.style
        console.status("")
        shown = {urn for urn, node in self._tree.nodes.items() if _visible(node)}
        for depth, node in self._tree.walk(shown):
            self._show(depth, node)
        outputs = list(output_lines(self._outputs.old, self._outputs.new, style, full=self._full))
        if outputs:
            console.line(f"\n{style.bold('Outputs:')}")
            for line in outputs:
                console.line(f"  {line}")
        self._messages.show(console)
        separator = "\n" if shown or outputs or self._messages.errors else ""
        console.line(f"{separator}{style.bold('Resources:')} {summary(event.changes, style, preview=True)}")

    def _show(self, depth: int, node: Node) -> None:
        style = self._console.style
        type_, name = type_and_name(node.urn)
        indent = "  " * depth
        visible = _visible(node)
        if not visible:
            self._console.line(style.dim(f"   {indent}{type_} {name}"))
        for step in visible:
            symbol = symbol_of(step)
            head = style.symbol(symbol, f"{symbol:2} {indent}{type_} {style.bold(name)}")
            self._console.line(f"{head} {style.symbol(symbol, _words(step))}")
            for line in step_lines(step, style, full=self._full):
                self._console.line(f"       {indent}{line}")


def _visible(node: Node) -> list[Step]:
    return [step for step in node.steps if step.op != "same" and step.op not in PARTS_OF_A_REPLACEMENT]


def _words(step: Step) -> str:
    if step.op == "replace" and step.replace_keys:
        return f"replace (because of {', '.join(step.replace_keys)})"
    if step.op == "delete" and step.old is not None and step.old.retain_on_delete:
        return "delete from the stack; the resource itself stays (retain_on_delete)"
    if step.op == "refresh":
        return "gone" if step.new is None else "changed outside of the stack"
    return step.op
