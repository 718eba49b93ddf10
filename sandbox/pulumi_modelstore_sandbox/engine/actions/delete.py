"""A resource goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action, Done
from pulumi_modelstore_sandbox.engine.events import Op
from pulumi_modelstore_sandbox.engine.journal import PendingOperation, PendingType
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.resource import ResourceState

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pulumi_modelstore_sandbox.engine.run import Run


@dataclass(eq=False)
class Delete(Action):
    """Delete a resource: because it is no longer wanted, or as part of its replacement."""

    op: ClassVar[Op] = "delete"
    pending: ClassVar[PendingType | None] = "deleting"

    replacing: bool = False
    awaits_replacement: bool = False
    """Deleted before its replacement is created: the state keeps it, marked, until then."""
    others: AbstractSet[str] = field(default_factory=frozenset)
    """URNs that this run deletes too."""

    @property
    def shown_op(self) -> Op:
        """External resources are only forgotten."""
        if self.recorded.external:
            return "discard-replaced" if self.replacing else "discard"
        return "delete-replaced" if self.replacing else "delete"

    @property
    def counted_as(self) -> Op | None:
        """A replacement is counted as a whole."""
        return None if self.replacing else self.shown_op

    def apply(self, run: Run) -> Done:
        """Have the provider delete it, unless it is external, retained or goes with another resource."""
        old = self.recorded
        run.hooks.run("before_delete", old.resource_hooks, None, old=old)
        if old.protect and not self.replacing:
            raise ProviderFailed(
                f"{old.urn} is protected and cannot be deleted; set protect=False in the program and run up first"
            )
        skipped = old.external or old.retain_on_delete or old.deleted_with in self.others or not old.custom
        if not (run.preview or skipped or urns.is_provider(old.type)):
            provider = run.provider_of(old)
            timeout = old.custom_timeouts.get("delete", 0)
            run.hooks.retrying(
                "delete", None, old, lambda: provider.delete(old.urn, old.id, old.inputs, old.outputs, timeout)
            )
        run.hooks.after("after_delete", old.resource_hooks, None, old=old)
        return Done(None)

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Remove it, or mark it as waiting for its replacement."""
        old = run.ledger.current(self.recorded)
        if self.awaits_replacement:
            run.ledger.end(operation, swap=(old, old.with_(pending_replacement=True)))
        else:
            run.ledger.end(operation, remove=old)
        return state
