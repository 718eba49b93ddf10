"""Nothing changes but, at most, what the state says about the resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action, Done
from pulumi_modelstore_sandbox.engine.events import Op
from pulumi_modelstore_sandbox.engine.journal import PendingOperation
from pulumi_modelstore_sandbox.engine.resource import ResourceState

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run


class Same(Action):
    """Keep a resource as it is."""

    op: ClassVar[Op] = "same"

    def apply(self, run: Run) -> Done:
        """Carry over what the state holds; a provider is configured as it is recorded."""
        old, new = self.recorded, self.wanted
        state = new.with_(id=old.id, outputs=old.outputs)
        if urns.is_provider(state.type):
            run.registry.same(state.with_(inputs=old.inputs))
        return Done(state)

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Write the state only where it differs; an equal one stays the same object."""
        old = self.recorded
        unchanged = state == old
        moved = state is not None and old == state.with_(source_position=old.source_position, extra=old.extra)
        kept = old if unchanged else state
        run.ledger.end(operation, add=kept, remove=old, write=not moved)
        return kept


class Replace(Action):
    """The replacement as a whole: shown and counted; creating and deleting are steps of their own."""

    op: ClassVar[Op] = "replace"

    def follow(self, run: Run, state: ResourceState | None) -> None:
        """Take what the steps before it made of both: the old one marked, the new one with its outputs."""
        self.old = run.ledger.current(self.recorded)
        self.new = state or self.new

    def apply(self, run: Run) -> Done:
        """Do nothing."""
        del run
        return Done(self.new)

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Write nothing."""
        del run, operation
        return state


class RemovePendingReplacement(Action):
    """Forget a resource that was deleted for a replacement that is no longer wanted."""

    op: ClassVar[Op] = "remove-pending-replace"

    @property
    def counted_as(self) -> Op | None:
        """Not counted."""
        return None

    def apply(self, run: Run) -> Done:
        """Do nothing: it is gone already."""
        del run
        return Done(None)

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Remove it from the state."""
        run.ledger.end(operation, remove=self.recorded)
        return state
