"""The resources that this run has registered or read, as the package `pulumi` looks them up."""

from __future__ import annotations

import threading

from pulumi_modelstore_sandbox.engine.ledger import Ledger
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import Properties


class Met:
    """Resources by URN, as they are after their steps."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._states: dict[str, ResourceState] = {}
        self._lock = threading.Lock()

    def add(self, state: ResourceState) -> None:
        """Remember a resource."""
        with self._lock:
            self._states[state.urn] = state

    def by_urn(self, urn: str) -> ResourceState | None:
        """Return the resource of this URN, if the run has met it."""
        with self._lock:
            return self._states.get(urn)

    def all(self) -> list[ResourceState]:
        """Return every resource met so far."""
        with self._lock:
            return list(self._states.values())

    def recorded_outputs(self, type_token: str) -> Properties:
        """Return outputs by URN of the recorded resources of a type; of all types when it is empty."""
        return {
            state.urn: {"type": state.type, "id": state.id, "outputs": state.outputs}
            for state in self._ledger.resources()
            if not type_token or state.type == type_token
        }
