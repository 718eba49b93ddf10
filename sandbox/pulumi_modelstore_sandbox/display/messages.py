"""What the program, the providers and the engine had to say: errors last, each with its resource."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_modelstore_sandbox.display.console import Console
from pulumi_modelstore_sandbox.display.tree import type_and_name
from pulumi_modelstore_sandbox.engine.events import Diagnostic, StepFailed


@dataclass
class Messages:
    """The messages of a run, to be shown at its end."""

    _texts: dict[tuple[str, str, str], None] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(severity == "error" for severity, _, _ in self._texts)

    def add(self, event: Diagnostic | StepFailed) -> None:
        """Keep a message, once; progress and debug messages are not kept."""
        if isinstance(event, StepFailed):
            self._texts[("error", event.step.urn, event.message.strip())] = None
        elif not event.ephemeral and event.severity != "debug" and event.message.strip():
            self._texts[(event.severity, event.urn, event.message.strip())] = None

    def show(self, console: Console) -> None:
        """Write them, the most important ones last."""
        style = console.style
        titles = {"info": "Messages:", "warning": style.warning("Warnings:"), "error": style.error("Errors:")}
        for severity, title in titles.items():
            found = [(urn, text) for kind, urn, text in self._texts if kind == severity]
            if not found:
                continue
            console.line(f"\n{title}")
            for urn, text in found:
                indent = "  "
                if urn:
                    type_, name = type_and_name(urn)
                    console.line(f"  {style.bold(name)} {style.dim(type_)}")
                    indent = "    "
                console.line("\n".join(indent + line for line in text.splitlines()))
