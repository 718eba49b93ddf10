"""A resource that exists already is read: with `get`, to import it, or to refresh the state."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action, Done
from pulumi_modelstore_sandbox.engine.comparison import provider_diff
from pulumi_modelstore_sandbox.engine.diffing import identical
from pulumi_modelstore_sandbox.engine.events import Op
from pulumi_modelstore_sandbox.engine.journal import PendingOperation, PendingType
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import UNKNOWN_STRING

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run


@dataclass(eq=False)
class Read(Action):
    """Read a resource that the stack does not own (`get`)."""

    op: ClassVar[Op] = "read"
    pending: ClassVar[PendingType | None] = "reading"

    replacing: bool = False
    """The stack owned a resource of this name: that one is deleted at the end of the run."""

    @property
    def shown_op(self) -> Op:
        """Reading in place of an owned resource has a name of its own."""
        return "read-replacement" if self.replacing else "read"

    @property
    def counted_as(self) -> Op | None:
        """Read resources count as neither changed nor unchanged."""
        return None

    def apply(self, run: Run) -> Done:
        """Have the provider read it."""
        new = self.wanted
        if new.id == UNKNOWN_STRING:
            return Done(new.with_(outputs={}))
        found = run.provider_of(new).read(new.urn, new.id, new.inputs, new.inputs)
        if found is None:
            raise ProviderFailed(f"there is no resource {new.id!r} of type {new.type} to read; check the id")
        state = new.with_(id=found.id, outputs=found.outputs, init_errors=found.init_errors)
        if self.old is not None:
            old = self.old
            unchanged = identical(old.inputs, state.inputs) and identical(old.outputs, state.outputs)
            modified = old.modified if unchanged else datetime.datetime.now(datetime.UTC)
            state = state.with_(created=old.created, modified=modified)
        return Done(state, "\n".join(found.init_errors))

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Put it in the place of what was read before."""
        if self.old is None:
            run.ledger.end(operation, add=state)
        elif self.replacing:
            run.ledger.end(operation, add=state, swap=(self.old, self.old.with_(delete=True)))
        else:
            run.ledger.end(operation, add=state, remove=self.old)
        return state


@dataclass(eq=False)
class Import(Action):
    """Take an existing resource into the stack; the diff against the program's inputs is a step of its own."""

    op: ClassVar[Op] = "import"
    pending: ClassVar[PendingType | None] = "importing"

    @property
    def shown_op(self) -> Op:
        """Importing in place of another resource has a name of its own."""
        return "import" if self.old is None else "import-replacement"

    @property
    def counted_as(self) -> Op | None:
        """A replacement is counted as a whole."""
        return "import" if self.old is None else None

    def apply(self, run: Run) -> Done:
        """Have the provider read it by the id that the program gives."""
        new = self.wanted
        found = run.provider_of(new).read(new.urn, new.import_id, None, {})
        if found is None:
            raise ProviderFailed(f"there is no resource {new.import_id!r} of type {new.type} to import; check the id")
        if found.inputs is None:
            raise ProviderFailed(f"the provider {urns.package_of(new.type)} cannot import: its read gives no inputs")
        now = datetime.datetime.now(datetime.UTC)
        state = new.with_(
            id=found.id,
            inputs=found.inputs,
            outputs=found.outputs,
            init_errors=found.init_errors,
            created=now,
            modified=now,
        )
        return Done(state)

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Add it; what it replaces waits for its deletion."""
        swap = None if self.old is None else (self.old, self.old.with_(delete=True))
        run.ledger.end(operation, add=state, swap=swap)
        return state


@dataclass(eq=False)
class Refresh(Action):
    """Read a recorded resource and tell how it differs from what the state says."""

    op: ClassVar[Op] = "refresh"

    @property
    def counted_as(self) -> Op | None:
        """What the refresh found: gone, changed or the same."""
        if self.new is None:
            return "delete"
        return "update" if self.diff.changed else "same"

    def apply(self, run: Run) -> Done:
        """Have the provider read it."""
        old = self.recorded
        if not old.custom or urns.is_provider(old.type) or old.pending_replacement:
            return Done(old)
        provider = run.provider_of(old)
        found = provider.read(old.urn, old.id, old.inputs, old.outputs)
        if found is None:
            self.new = None
            return Done(None)
        if found.init_errors:
            run.report.say("warning", "\n".join(["the resource is not healthy:", *found.init_errors]), old.urn)
        inputs = old.inputs if found.inputs is None else found.inputs
        unchanged = identical(inputs, old.inputs) and identical(found.outputs, old.outputs)
        state = old.with_(
            id=found.id,
            inputs=inputs,
            outputs=found.outputs,
            init_errors=found.init_errors,
            modified=old.modified if unchanged else datetime.datetime.now(datetime.UTC),
        )
        if old.external:
            changed = not identical(found.outputs, old.outputs)
            self.diff = type(self.diff)(changed=changed)
        else:
            # What it would take to come back from what is there to what was recorded, turned around.
            back = provider_diff(provider, state, old.inputs, old.ignore_changes, unknowns=run.preview)
            self.diff = back.inverted()
        self.new = old if state == old else state
        return Done(self.new)

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Leave the writing to the whole refresh: what depends on a vanished resource changes too."""
        del run, operation
        return state
