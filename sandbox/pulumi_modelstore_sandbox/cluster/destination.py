"""Where objects go: the two ends of the sandbox's cluster, behind one interface."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Final, Protocol

from pulumi_modelstore_sandbox.cluster.identity import Identity, identity
from pulumi_modelstore_sandbox.cluster.properties import Object, Path
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.scope import Scope

_SERVERS_OWN: Final = frozenset(
    {"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"}
    | {"resourceVersion", "selfLink", "uid"}
)


@dataclass(frozen=True)
class Declaration:
    """One object as a stack declares it, in the form in which a cluster keeps it."""

    item: Object
    kind: ResourceType
    force: bool = False
    """Take fields over that another field manager owns."""
    ignored: tuple[Path, ...] = ()
    """Fields that this run must leave as they are."""

    @property
    def where(self) -> Identity:
        """Namespace and name."""
        return identity(self.item)

    def __str__(self) -> str:
        return self.where.of(self.kind)


@dataclass(frozen=True)
class Comparison:
    """An object before and after an update, without what only a server writes."""

    before: Object
    after: Object
    refused: tuple[Path, ...] = field(default=())
    """Fields of which the server says that they cannot be changed."""


class Destination(Protocol):
    """What both ends can do."""

    def scope(self, kind: ResourceType) -> Scope:
        """Return where objects of a kind live."""

    def expect_definition(self, definition: Object) -> None:
        """Take note of a CustomResourceDefinition that this stack declares: its kind may not be served yet."""

    def compared(self, old: Object, declared: Declaration) -> Comparison:
        """Return what an update of the recorded object `old` would change."""

    def preview(self, declared: Declaration) -> Object:
        """Return the object that `write` would leave, without writing; a field it cannot have is refused."""

    def write(self, declared: Declaration) -> Object:
        """Create or update the object; returns it as it is then."""

    def read(self, kind: ResourceType, where: Identity) -> Object | None:
        """Return the object as it is now, None where it does not exist."""

    def created(self, kind: ResourceType, where: Identity) -> datetime.datetime | None:
        """Return when the object was created or, where nobody keeps that, written last; None where it is not there."""

    def delete(self, kind: ResourceType, where: Identity, recorded: Object, timeout: float) -> None:
        """Delete the object, within `timeout` seconds (0: the destination's own); one that is gone is fine."""

    def declared_part(self, live: Object, declared: Object | None) -> Object:
        """Return what of a live object a program declares: by `declared`, or all of it without one."""


def declarable(live: Object) -> Object:
    """Return an object without its status and the metadata that only a server writes."""
    kept = {key: value for key, value in live.items() if key not in {"status", "metadata"}}
    metadata = live.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = {key: value for key, value in metadata.items() if key not in _SERVERS_OWN}
    elif metadata is not None:
        kept["metadata"] = metadata
    return kept
