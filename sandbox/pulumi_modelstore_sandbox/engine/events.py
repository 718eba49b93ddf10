"""What the engine tells while it works. A display is a function of these events and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import Properties

Op: TypeAlias = Literal[
    "same", "create", "update", "delete", "replace", "create-replacement", "delete-replaced", "read",
    "read-replacement", "refresh", "discard", "discard-replaced", "remove-pending-replace", "import",
    "import-replacement",
]  # fmt: skip
"""Pulumi's own names of steps (`op` in `pulumi preview --json`)."""

DiffKind: TypeAlias = Literal["add", "add-replace", "delete", "delete-replace", "update", "update-replace"]


@dataclass(frozen=True, slots=True)
class PropertyDiff:
    """How one property differs; `input_diff` compares inputs with inputs, otherwise old outputs with new inputs."""

    kind: DiffKind
    input_diff: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it is shown: what will be (in a preview) or is being done to one resource."""

    op: Op
    urn: str
    old: ResourceState | None = None
    new: ResourceState | None = None
    provider: str = ""
    diffs: Sequence[str] = ()
    """Top-level properties that differ."""
    replace_keys: Sequence[str] = ()
    """Properties that require the replacement."""
    detailed_diff: Mapping[str, PropertyDiff] = field(default_factory=dict)
    """By property path (`spec.replicas`, `tags[0]`)."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step has been planned (preview) or begins (update)."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepSucceeded:
    """A step is done and its state is written."""

    step: Step
    seconds: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step has failed."""

    step: Step
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message of the program, a provider or the engine; `ephemeral` ones are progress and replace each other."""

    severity: Literal["debug", "info", "warning", "error"]
    message: str
    urn: str = ""
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class StackOutputs:
    """The stack's outputs, before and after."""

    old: Properties
    new: Properties


@dataclass(frozen=True, slots=True)
class Finished:
    """The operation is over: how many resources took which step, and whether all went well."""

    changes: Mapping[Op, int]
    seconds: float
    succeeded: bool


Event: TypeAlias = StepStarted | StepSucceeded | StepFailed | Diagnostic | StackOutputs | Finished
EventSink: TypeAlias = Callable[[Event], None]
