"""What has been decided about the resources so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_modelstore_sandbox.engine.resource import ResourceState


@dataclass
class Plan:
    """Decisions by URN."""

    olds: Mapping[str, ResourceState]
    creates: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Unchanged, updated or read."""
    replaces: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    """Deleted; those that are registered afterwards are replaced instead."""
    deleted: set[int] = field(default_factory=set)
    """Identities of recorded resources that a replacement has deleted already."""
    dependent_keys: dict[str, Sequence[str]] = field(default_factory=dict)
    providers: dict[str, ResourceState] = field(default_factory=dict)

    def decided(self) -> set[str]:
        """Return every URN that was decided about."""
        return self.creates | self.kept | self.replaces | self.deletes
