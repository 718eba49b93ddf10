"""The state of a stack while a run changes it: what was recorded, what is new, what is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.journal import Journal, PendingOperation, PendingType
from pulumi_modelstore_sandbox.engine.resource import ResourceState


class Ledger:
    """Keeps resources in an order in which each comes after what it depends on, and journals every change.

    New resources precede the recorded ones that are left: they were registered in dependency order, and nothing new
    depends on something that is to go.
    """

    def __init__(self, journal: Journal, *, writes: bool) -> None:
        self._journal = journal
        self._writes = writes
        self._base = {id(state): state for state in journal.snapshot()}
        self._news: dict[int, ResourceState] = {}
        # The keys' objects are held in the values: an identity stays one object's as long as it is a key.
        self._successors: dict[int, tuple[ResourceState, ResourceState]] = {}
        self._adjusted: dict[int, tuple[ResourceState, ResourceState]] = {}
        self._pending: list[PendingOperation] = []
        self.left_over = list(journal.pending())
        """Steps that an earlier run began and did not end."""
        self._renamed: dict[str, str] = {}
        self._lock = threading.RLock()
        self._write_lock = threading.Lock()
        self._version = 0
        self._written = 0

    def resources(self) -> list[ResourceState]:
        """Return all resources, each after what it depends on."""
        with self._lock:
            return [*self._news.values(), *self._base.values()]

    def current(self, state: ResourceState) -> ResourceState:
        """Return what has become of a recorded resource."""
        with self._lock:
            while (after := self._successors.get(id(state))) is not None:
                state = after[1]
            return state

    def __contains__(self, state: ResourceState) -> bool:
        with self._lock:
            return id(state) in self._news or id(state) in self._base

    def begin(self, state: ResourceState, kind: PendingType) -> PendingOperation:
        """Record that a step begins."""
        operation = PendingOperation(state, kind)
        self._change(lambda: self._pending.append(operation))
        return operation

    def end(
        self,
        operation: PendingOperation | None = None,
        *,
        add: ResourceState | None = None,
        remove: ResourceState | None = None,
        swap: tuple[ResourceState, ResourceState] | None = None,
        write: bool = True,
    ) -> None:
        """Record that a step has ended, with what it adds, removes and replaces; `write=False` waits for the next."""

        def change() -> None:
            if operation is not None:
                self._pending = [item for item in self._pending if item is not operation]
            if swap is not None:
                self._swap(*swap)
            if remove is not None:
                self._remove(remove)
            if add is not None:
                self._news[id(add)] = add

        self._change(change, write=write)

    def rename(self, before: str, after: str) -> None:
        """Let every reference to a URN mean another one: the resource was found under an alias."""
        with self._lock:
            self._renamed[before] = after

    def drop_left_over(self) -> None:
        """Forget what an earlier run left behind: a refresh has read what there is."""
        self._change(self.left_over.clear)

    def settle(self, operation: PendingOperation) -> None:
        """Forget one step that an earlier run did not end: nothing is left of it."""
        self._change(lambda: self.left_over.remove(operation))

    def rebuild(self, states: Sequence[ResourceState]) -> None:
        """Replace the recorded resources, after a refresh."""

        def change() -> None:
            self._base = {id(state): state for state in states}

        self._change(change)

    def flush(self) -> None:
        """Write what has not been written yet."""
        with self._lock:
            version = self._version
        self._write(version)

    def _swap(self, before: ResourceState, after: ResourceState) -> None:
        self._successors[id(before)] = (before, after)
        self._base = _replaced(self._base, before, after)
        self._news = _replaced(self._news, before, after)

    def _remove(self, state: ResourceState) -> None:
        state = self.current(state)
        self._base.pop(id(state), None)
        self._news.pop(id(state), None)

    def _change(self, change: Callable[[], object], *, write: bool = True) -> None:
        with self._lock:
            change()
            self._version += 1
            version = self._version
        if write:
            self._write(version)

    def _write(self, version: int) -> None:
        """Write the state; changes that came in while another thread was writing go out together."""
        if not self._writes:
            return
        with self._write_lock:
            if self._written >= version:
                return
            with self._lock:
                written = self._version
                resources = [self._with_new_names(state) for state in self.resources()]
                creating = [item for item in self.left_over if item.type == "creating"]
                pending = [*self._pending, *creating]
            self._journal.write(resources, pending)
            self._written = written

    def _with_new_names(self, state: ResourceState) -> ResourceState:
        if not self._renamed:
            return state
        known = self._adjusted.get(id(state))
        if known is not None and known[0] is state:
            return known[1]
        adjusted = renamed(state, self._renamed)
        self._adjusted[id(state)] = (state, adjusted)
        return adjusted


def _replaced(
    states: dict[int, ResourceState], before: ResourceState, after: ResourceState
) -> dict[int, ResourceState]:
    if id(before) not in states:
        return states
    return {id(after if state is before else state): after if state is before else state for state in states.values()}


def renamed(state: ResourceState, names: dict[str, str]) -> ResourceState:
    """Return the resource with every reference to a renamed one under its new URN; itself where there is none."""

    def named(urn: str) -> str:
        while urn in names:
            urn = names[urn]
        return urn

    provider = state.provider
    if provider:
        reference = urns.parse_reference(provider)
        provider = str(reference._replace(urn=named(reference.urn)))
    changes = {
        "parent": named(state.parent),
        "provider": provider,
        "dependencies": [named(urn) for urn in state.dependencies],
        "property_dependencies": {
            key: [named(urn) for urn in deps] for key, deps in state.property_dependencies.items()
        },
        "deleted_with": named(state.deleted_with),
        "replace_with": [named(urn) for urn in state.replace_with],
    }
    if all(getattr(state, key) == value for key, value in changes.items()):
        return state
    return state.with_(**changes)
