"""Outputs that the program gives to components and to the stack."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.diffing import identical
from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE, ResourceState
from pulumi_modelstore_sandbox.engine.values import Properties, contains_unknown

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run


class Outputs:
    """Records outputs when they come; the stack's own at the end of the run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._expected: dict[str, ResourceState] = {}
        self._of_stack: tuple[str, Properties] | None = None
        self._recorded: Properties = next(
            (state.outputs for state in run.ledger.resources() if state.type == STACK_TYPE), {}
        )

    def expect(self, state: ResourceState) -> None:
        """Take a resource that is registered; its outputs may follow."""
        with self._lock:
            self._expected[state.urn] = state

    def take(self, urn: str, outputs: Properties) -> None:
        """Take the outputs of a registered resource; of one that failed there is nothing to record."""
        self._run.redaction.learn(outputs)
        if urns.type_of(urn) == STACK_TYPE:
            with self._lock:
                self._of_stack = (urn, outputs)
        else:
            self._record(urn, outputs)

    def finish(self) -> None:
        """Record the stack's outputs; after a failure, what is not known now stays as it was."""
        with self._lock:
            given = self._of_stack
        if given is None:
            return
        urn, outputs = given
        if not self._run.preview:
            outputs = {key: value for key, value in outputs.items() if not contains_unknown(value)}
        if self._run.report.failed:
            outputs = {**self._recorded, **outputs}
        self._record(urn, outputs)
        self._run.report.stack_outputs(self._recorded, outputs)

    def _record(self, urn: str, outputs: Properties) -> None:
        with self._lock:
            state = self._expected.pop(urn, None)
        if state is None:
            return
        after = state.with_(outputs=outputs)
        if not identical(state.outputs, outputs):
            self._run.ledger.end(swap=(state, after))
            self._run.met.add(after)
