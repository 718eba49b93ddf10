"""A resource changes in place."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, ClassVar

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action, Done
from pulumi_modelstore_sandbox.engine.events import Op
from pulumi_modelstore_sandbox.engine.journal import PendingOperation, PendingType
from pulumi_modelstore_sandbox.engine.providers.answers import Applied
from pulumi_modelstore_sandbox.engine.resource import ResourceState

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run


class Update(Action):
    """Bring a resource from its recorded inputs to new ones."""

    op: ClassVar[Op] = "update"
    pending: ClassVar[PendingType | None] = "updating"

    def apply(self, run: Run) -> Done:
        """Have the provider update it."""
        old = self.recorded
        new = self.wanted.with_(id=old.id, created=old.created, modified=old.modified)
        run.hooks.run("before_update", new.resource_hooks, new, old=old)
        if not new.custom:
            return Done(new)
        applied = run.hooks.retrying("update", new, old, lambda: self._update(run))
        state = new.with_(
            outputs=applied.outputs,
            init_errors=applied.init_errors,
            modified=datetime.datetime.now(datetime.UTC),
        )
        if applied.init_errors:
            # The old inputs stay, so that the next run sees the difference again.
            state = state.with_(inputs=old.inputs)
            return Done(state, "\n".join(["the resource was updated but is not complete:", *applied.init_errors]))
        run.hooks.after("after_update", new.resource_hooks, state, old=old)
        return Done(state)

    def _update(self, run: Run) -> Applied:
        old, new = self.recorded, self.wanted
        if urns.is_provider(new.type):
            return run.registry.update(new.urn, old.id, new.inputs)
        return run.provider_of(new).update(
            new.urn,
            old.id,
            old.inputs,
            old.outputs,
            new.inputs,
            new.custom_timeouts.get("update", 0),
            new.ignore_changes,
            preview=run.preview,
        )

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Put the new state in the old one's place."""
        run.ledger.end(operation, add=state, remove=self.recorded)
        return state
