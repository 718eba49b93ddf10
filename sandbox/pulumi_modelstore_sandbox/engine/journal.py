"""Where the engine keeps a stack's state while it takes steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from pulumi_modelstore_sandbox.engine.resource import ResourceState

PendingType: TypeAlias = Literal["creating", "updating", "deleting", "reading", "importing"]


@dataclass(frozen=True)
class PendingOperation:
    """A step that has begun and not ended: what a killed run leaves behind."""

    resource: ResourceState
    type: PendingType


class Journal(Protocol):
    """A stack's state, read once before a run and written at the start and the end of each step."""

    def snapshot(self) -> Sequence[ResourceState]:
        """Return the recorded resources, each after what it depends on."""
        ...

    def pending(self) -> Sequence[PendingOperation]:
        """Return the steps that an earlier run began and did not end."""
        ...

    def write(self, resources: Sequence[ResourceState], pending: Sequence[PendingOperation]) -> None:
        """Replace the state in one atomic act; never called by two threads at once.

        Resources that did not change since the last call are the same objects.
        """
        ...
