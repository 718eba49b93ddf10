"""Takes steps: tells each, records it before and after, and keeps failures to what depends on them."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action, with_secrets
from pulumi_modelstore_sandbox.engine.actions.same import Replace
from pulumi_modelstore_sandbox.engine.graph import references
from pulumi_modelstore_sandbox.engine.journal import PendingOperation
from pulumi_modelstore_sandbox.engine.providers.failure import from_exception
from pulumi_modelstore_sandbox.engine.resource import ResourceState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_modelstore_sandbox.engine.run import Run


@dataclass(frozen=True)
class Result:
    """What became of a registration."""

    urn: str
    state: ResourceState | None = None
    failed: bool = False
    skipped: bool = False
    reason: str = ""
    """Why it failed, where that has not been told yet."""


class Executor:
    """Runs steps in the thread that asks for them, so many at a time as the options allow."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.unmet: set[str] = set()
        """URNs of resources that failed, or were not attempted because of one that failed."""

    def skips(self, state: ResourceState) -> bool:
        """Tell whether something that the resource depends on failed; then it is not attempted."""
        if not self.unmet:
            return False
        wanted = {state.parent, *references(state)}
        return not wanted.isdisjoint(self.unmet)

    def take(self, actions: Sequence[Action]) -> Result:
        """Take the steps of one resource in turn, and stop at the first that fails."""
        result = Result(actions[-1].subject.urn)
        for action in actions:
            if self.skips(action.subject):
                self.unmet.add(result.urn)
                return replace(result, skipped=True)
            if isinstance(action, Replace):
                action.follow(self._run, result.state)
            taken = self.take_alone(action)
            if taken.failed:
                self.unmet.add(result.urn)
                return replace(result, state=taken.state, failed=True)
            if taken.state is not None and not isinstance(action, Replace):
                result = replace(result, state=taken.state)
        return result

    def take_alone(self, action: Action) -> Result:
        """Take one step, as soon as the options allow another one; none begins once the run is to stop."""
        run = self._run
        run.redaction.learn(action.subject.inputs)
        with run.slots:
            if run.stopping.is_set():
                return Result(action.subject.urn, failed=True)
            run.report.started(action.shown(action.new))
            operation = None
            if action.pending is not None and not run.preview:
                operation = run.ledger.begin(_begun(action), action.pending)
            return self._apply(action, operation)

    def _apply(self, action: Action, operation: PendingOperation | None) -> Result:
        run, urn = self._run, action.subject.urn
        began = time.monotonic()
        try:
            done = action.apply(run)
        except Exception as error:  # noqa: BLE001 - a provider's class may raise anything
            failure = from_exception(error)
            run.ledger.end(operation)
            run.report.step_failed(action.shown(action.new), failure.message, failure.details)
            return Result(urn, failed=True)
        state = done.state
        if state is not None:
            state = with_secrets(state)
            run.redaction.learn(state.outputs)
        state = action.record(run, operation, state)
        if state is not None and not isinstance(action, Replace):
            run.met.add(state)
        if done.error:
            run.report.step_failed(action.shown(state), done.error)
            return Result(urn, state, failed=True)
        run.report.succeeded(action.shown(state), time.monotonic() - began, action.counted_as)
        return Result(urn, state)


def _begun(action: Action) -> ResourceState:
    """Return the resource as a step that begins is recorded: with the time, where it is one that creates."""
    if action.pending != "creating":
        return action.subject
    return action.subject.with_(created=datetime.datetime.now(datetime.UTC))


def refuse(run: Run, state: ResourceState, message: str, details: str = "") -> Result:
    """Fail a resource before any step of it."""
    run.executor.unmet.add(state.urn)
    if details:
        run.report.say("debug", details, state.urn)
    if urns.is_default_provider(state.urn):
        # Told by whoever needed the provider: the program declares no resource of this name.
        return Result(state.urn, failed=True, reason=message)
    run.report.say("error", message, state.urn)
    return Result(state.urn, failed=True)
