"""What the state knows of one resource: the fields of Pulumi's deployment JSON, version 3."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_modelstore_sandbox.engine.values import Properties, Value

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(slots=True)
class ResourceState:
    """One resource as it was last written; never changed in place once it is in a snapshot (`with_` copies)."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    delete: bool = False
    """Replaced or failed to be deleted: still to be deleted."""
    external: bool = False
    """Read with `get`, not owned by the stack."""
    protect: bool = False
    taint: bool = False
    retain_on_delete: bool = False
    pending_replacement: bool = False
    """Deleted before its replacement was created."""
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    """Seconds, by `create`, `update` and `delete`."""
    import_id: str = ""
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    ignore_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    replacement_trigger: Value = None
    created: datetime.datetime | None = None
    modified: datetime.datetime | None = None
    source_position: str = ""
    resource_hooks: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields of the JSON that this engine does not use, kept so that a round trip loses nothing."""

    @property
    def name(self) -> str:
        """The name given in the program."""
        return self.urn.rsplit("::", 1)[1]

    def with_(self, **changes: Any) -> ResourceState:
        """Return a copy with some fields changed."""
        return replace(self, **changes)
