"""What all steps have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pulumi_modelstore_sandbox.engine.diffing import Diff
from pulumi_modelstore_sandbox.engine.events import Op, Step
from pulumi_modelstore_sandbox.engine.journal import PendingOperation, PendingType
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import Properties, Secret

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run

NO_DIFF = Diff(changed=False)


@dataclass(frozen=True)
class Done:
    """How a step ended; with an `error` although `state` exists, the resource is not complete."""

    state: ResourceState | None
    error: str = ""


@dataclass(eq=False)
class Action:
    """One step: it knows how to show, do and record itself."""

    op: ClassVar[Op] = "same"
    pending: ClassVar[PendingType | None] = None
    """How the step is recorded before it begins; None: it changes nothing outside of the state."""

    old: ResourceState | None
    new: ResourceState | None
    diff: Diff = field(default=NO_DIFF)

    @property
    def shown_op(self) -> Op:
        """The operation's name in events."""
        return self.op

    @property
    def counted_as(self) -> Op | None:
        """The operation's name in the summary; None for a part of another step."""
        return self.shown_op

    @property
    def subject(self) -> ResourceState:
        """The resource that the step is about."""
        subject = self.new or self.old
        if subject is None:
            raise ValueError("a step is about a resource, old or new")
        return subject

    @property
    def recorded(self) -> ResourceState:
        """The recorded resource, for steps that have one."""
        if self.old is None:
            raise ValueError(f"{self.subject.urn} is not recorded")
        return self.old

    @property
    def wanted(self) -> ResourceState:
        """The state to be, for steps that lead to one."""
        if self.new is None:
            raise ValueError(f"{self.subject.urn} is to have no state")
        return self.new

    def shown(self, state: ResourceState | None) -> Step:
        """Return the step as it is shown, leading to `state`."""
        return Step(
            op=self.shown_op,
            urn=self.subject.urn,
            old=self.old,
            new=state,
            provider=self.subject.provider,
            diffs=list(self.diff.keys),
            replace_keys=list(self.diff.replace_keys),
            detailed_diff=dict(self.diff.detailed),
        )

    def apply(self, run: Run) -> Done:
        """Do it. Raises ProviderFailed."""
        raise NotImplementedError

    def record(self, run: Run, operation: PendingOperation | None, state: ResourceState | None) -> ResourceState | None:
        """Write down that it is done, and return the resource as it is recorded now."""
        raise NotImplementedError


def with_secrets(state: ResourceState) -> ResourceState:
    """Mark outputs as secret that the program names, and those whose inputs are secret."""
    hidden = {key for key in state.additional_secret_outputs if key != "id"}
    hidden |= {key for key, value in state.inputs.items() if isinstance(value, Secret)}
    clear = [key for key in hidden if key in state.outputs and not isinstance(state.outputs[key], Secret)]
    if not clear:
        return state
    outputs: Properties = dict(state.outputs)
    for key in clear:
        outputs[key] = Secret(outputs[key])
    return state.with_(outputs=outputs)
