"""What a program wants of one resource."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import Properties, Value


@dataclass(frozen=True)
class Alias:
    """A name that a resource had before: a URN, or how it differs from the present one."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True)
class Goal:
    """A registration, after transforms and with what its parent passes on."""

    type: str
    name: str
    custom: bool
    properties: Properties
    parent: str = ""
    provider: str = ""
    protect: bool | None = None
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    ignore_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    replacement_trigger: Value = None
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    import_id: str = ""
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    retain_on_delete: bool | None = None
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    source_position: str = ""
    resource_hooks: dict[str, list[str]] = field(default_factory=dict)

    def state(self, urn: str, old: ResourceState | None) -> ResourceState:
        """Return the state to be, before anything was checked or done.

        Aliases are not kept: once the resource is recorded under its new URN, every reference to it is too.
        """
        return ResourceState(
            urn=urn,
            type=self.type,
            custom=self.custom,
            inputs=dict(self.properties),
            parent=self.parent,
            provider=self.provider,
            dependencies=self.dependencies,
            property_dependencies=self.property_dependencies,
            protect=bool(self.protect),
            retain_on_delete=bool(self.retain_on_delete),
            additional_secret_outputs=self.additional_secret_outputs,
            custom_timeouts=self.custom_timeouts,
            import_id=self.import_id,
            deleted_with=self.deleted_with,
            replace_with=self.replace_with,
            ignore_changes=self.ignore_changes,
            hide_diff=self.hide_diff,
            replace_on_changes=self.replace_on_changes,
            replacement_trigger=self.replacement_trigger,
            created=old.created if old else None,
            modified=old.modified if old else None,
            source_position=self.source_position,
            resource_hooks=self.resource_hooks,
        )
