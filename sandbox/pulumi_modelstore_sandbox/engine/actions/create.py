"""A resource comes into being, for the first time or as a replacement."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action, Done
from pulumi_modelstore_sandbox.engine.events import Op
from pulumi_modelstore_sandbox.engine.journal import PendingOperation, PendingType
from pulumi_modelstore_sandbox.engine.providers.answers import Applied
from pulumi_modelstore_sandbox.engine.resource import ResourceState

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run


@dataclass(eq=False)
class Create(Action):
    """Create a resource; as a replacement, `keeps_old` says that the old one is deleted at the end of the run."""

    op: ClassVar[Op] = "create"
    pending: ClassVar[PendingType | None] = "creating"

    keeps_old: bool = False

    @property
    def shown_op(self) -> Op:
        """A replacement has a name of its own."""
        return "create" if self.old is None else "create-replacement"

    @property
    def counted_as(self) -> Op | None:
        """A replacement is counted as a whole."""
        return "create" if self.old is None else None

    def apply(self, run: Run) -> Done:
        """Have the provider create it."""
        new = self.wanted
        run.hooks.run("before_create", new.resource_hooks, new, old=None)
        if not new.custom:
            now = datetime.datetime.now(datetime.UTC)
            return Done(new.with_(created=now, modified=now))
        applied = run.hooks.retrying("create", new, None, lambda: self._create(run))
        now = datetime.datetime.now(datetime.UTC)
        state = new.with_(
            id=applied.id,
            outputs=applied.outputs,
            init_errors=applied.init_errors,
            created=now,
            modified=now,
        )
        if applied.init_errors:
            return Done(state, "\n".join(["the resource was created but is not complete:", *applied.init_errors]))
        run.hooks.after("after_create", new.resource_hooks, state, old=None)
        return Done(state)

    def _create(self, run: Run) -> Applied:
        new = self.wanted
        if urns.is_provider(new.type):
            return run.registry.create(new.urn, new.inputs, preview=run.preview)
        provider = run.provider_of(new)
        return provider.create(new.urn, new.inputs, new.custom_timeouts.get("create", 0), preview=run.preview)

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Add it; what it replaces waits for its deletion, or is forgotten when it was deleted before."""
        swap = remove = None
        if self.old is not None:
            old = run.ledger.current(self.old)
            if self.keeps_old:
                swap = (old, old.with_(delete=True))
            elif old.pending_replacement:
                remove = old
        run.ledger.end(operation, add=state, swap=swap, remove=remove)
        return state
