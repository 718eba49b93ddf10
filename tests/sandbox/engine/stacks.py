"""A stack in a folder: its program, its state and what happened in each run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_modelstore_sandbox.engine import deployment
from pulumi_modelstore_sandbox.engine.deployment import Options, Target
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
from sandbox.engine.journals import MemoryJournal

PREAMBLE = """
import pulumi
from pulumi import CustomResource, Output, ResourceOptions


class File(CustomResource):
    content: pulumi.Output
    path: pulumi.Output
    rendered: pulumi.Output
    token: pulumi.Output

    def __init__(self, resource_name, opts=None, **props):
        outputs = {"rendered": None, "token": None, "path": None, "content": None}
        super().__init__("files:index:File", resource_name, {**outputs, **props}, opts)


class FilesProvider(pulumi.ProviderResource):
    def __init__(self, resource_name, opts=None, **props):
        super().__init__("files", resource_name, props, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, resource_name, opts=None):
        super().__init__("files:index:Group", resource_name, None, opts)
"""


@dataclass
class Ran:
    """What one run told."""

    succeeded: bool
    events: list[Event]

    @property
    def steps(self) -> list[Step]:
        return [event.step for event in self.events if isinstance(event, StepStarted)]

    @property
    def ops(self) -> dict[str, list[str]]:
        """Operations by resource name, in order, without those that change nothing."""
        ops: dict[str, list[str]] = {}
        for step in self.steps:
            if step.op != "same":
                ops.setdefault(step.urn.rsplit("::", 1)[1], []).append(step.op)
        return ops

    @property
    def failures(self) -> dict[str, str]:
        return {
            event.step.urn.rsplit("::", 1)[1]: event.message for event in self.events if isinstance(event, StepFailed)
        }

    @property
    def outputs(self) -> dict[str, Any]:
        return next(event.new for event in self.events if isinstance(event, StackOutputs))

    @property
    def changes(self) -> dict[str, int]:
        return dict(next(event.changes for event in self.events if isinstance(event, Finished)))

    def said(self, severity: str) -> str:
        return "\n".join(
            event.message for event in self.events if isinstance(event, Diagnostic) and event.severity == severity
        )

    def step(self, name: str, op: str) -> Step:
        """The step as it was told when it was done."""
        done = [event.step for event in self.events if isinstance(event, StepSucceeded)]
        return next(step for step in done if step.urn.endswith(f"::{name}") and step.op == op)


@dataclass
class Stack:
    """One stack of the project `shop`."""

    folder: Path
    objects: Path
    name: str = "dev"
    config: dict[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    options: Options = field(default_factory=Options)
    stack_outputs: Callable[[str], Any] = lambda _: None
    on_step: Callable[[Step], None] = lambda _: None

    def program(self, text: str) -> Stack:
        (self.folder / "__main__.py").write_text(PREAMBLE + textwrap.dedent(text), encoding="utf-8")
        return self

    def preview(self) -> Ran:
        return self._run(deployment.preview)

    def up(self, *, check: bool = True) -> Ran:
        ran = self._run(deployment.up)
        assert not check or ran.succeeded, (ran.failures, ran.said("error"))
        return ran

    def refresh(self) -> Ran:
        return self._run(deployment.refresh)

    def destroy(self) -> Ran:
        return self._run(deployment.destroy)

    @property
    def log(self) -> list[str]:
        """What the provider was asked to do: operation and the name of the object."""
        path = self.objects / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.rsplit("-", 1)[0] for line in lines]

    def forget_log(self) -> None:
        (self.objects / "log").unlink(missing_ok=True)

    @property
    def contents(self) -> dict[str, Any]:
        """What is in each object, by path."""
        found = [json.loads(path.read_text()) for path in self.objects.iterdir() if path.name != "log"]
        return {item["path"]: item.get("content") for item in found}

    def object_of(self, name: str) -> Path:
        return self.objects / self.journal.named(name).id

    def _run(self, operation: Callable[..., bool]) -> Ran:
        target = Target(
            project="shop",
            stack=self.name,
            root=self.folder,
            main=self.folder,
            config=self.config,
            secret_keys=self.secret_keys,
            stack_outputs=self.stack_outputs,
        )
        events: list[Event] = []

        def take(event: Event) -> None:
            events.append(event)
            if isinstance(event, StepStarted):
                self.on_step(event.step)

        return Ran(operation(target, self.journal, take, self.options), events)
