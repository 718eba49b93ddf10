"""A journal in memory: it keeps every state that the engine wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pulumi_modelstore_sandbox.engine.journal import PendingOperation
from pulumi_modelstore_sandbox.engine.resource import ResourceState

Written = tuple[list[ResourceState], list[PendingOperation]]


class MemoryJournal:
    """Holds the last state and the whole history; `on_write` may raise, as a killed process ends between two writes."""

    def __init__(self, on_write: Callable[[Written], None] | None = None) -> None:
        self.resources: list[ResourceState] = []
        self.operations: list[PendingOperation] = []
        self.history: list[Written] = []
        self._on_write = on_write

    def snapshot(self) -> Sequence[ResourceState]:
        return list(self.resources)

    def pending(self) -> Sequence[PendingOperation]:
        return list(self.operations)

    def write(self, resources: Sequence[ResourceState], pending: Sequence[PendingOperation]) -> None:
        written = (list(resources), list(pending))
        if self._on_write is not None:
            self._on_write(written)
        self.resources, self.operations = written
        self.history.append(written)

    def named(self, name: str) -> ResourceState:
        """Return the one resource of this name that is not to be deleted."""
        found = [state for state in self.resources if state.name == name and not state.delete]
        assert len(found) == 1, f"{len(found)} resources are named {name}"
        return found[0]
