"""One resource of the deployment JSON: the names, order and omissions of the Pulumi CLI's own files."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any, Final

from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.state.properties import (
    OpenSecret,
    Seal,
    decode,
    decode_properties,
    encode,
    encode_properties,
)

# JSON name and attribute of what is copied as it stands, in the order of the file; empty ones are left out.
_BEFORE_INPUTS: Final = (("delete", "delete"), ("id", "id"), ("type", "type"))
_AFTER_OUTPUTS: Final = (
    ("parent", "parent"),
    ("protect", "protect"),
    ("taint", "taint"),
    ("external", "external"),
    ("dependencies", "dependencies"),
    ("initErrors", "init_errors"),
    ("provider", "provider"),
    ("propertyDependencies", "property_dependencies"),
    ("pendingReplacement", "pending_replacement"),
    ("additionalSecretOutputs", "additional_secret_outputs"),
    ("aliases", "aliases"),
    ("customTimeouts", "custom_timeouts"),
    ("importID", "import_id"),
    ("retainOnDelete", "retain_on_delete"),
    ("deletedWith", "deleted_with"),
    ("replaceWith", "replace_with"),
    ("sourcePosition", "source_position"),
    ("ignoreChanges", "ignore_changes"),
    ("hideDiff", "hide_diff"),
    ("replaceOnChanges", "replace_on_changes"),
    ("resourceHooks", "resource_hooks"),
)
_READ_APART: Final = {"urn", "custom", "inputs", "outputs", "replacementTrigger", "created", "modified"}
_KNOWN: Final = _READ_APART | {name for name, _ in (*_BEFORE_INPUTS, *_AFTER_OUTPUTS)}


def resource_to_json(resource: ResourceState, seal: Seal) -> dict[str, Any]:
    """Return the resource as the deployment JSON holds it."""
    place = (resource.urn,)
    data: dict[str, Any] = {"urn": resource.urn, "custom": resource.custom}
    _copy(resource, data, _BEFORE_INPUTS)
    if resource.inputs:
        data["inputs"] = encode_properties(resource.inputs, seal, (*place, "inputs"))
    if resource.outputs:
        data["outputs"] = encode_properties(resource.outputs, seal, (*place, "outputs"))
    _copy(resource, data, _AFTER_OUTPUTS)
    if resource.created:
        data["created"] = time_to_json(resource.created)
    if resource.modified:
        data["modified"] = time_to_json(resource.modified)
    if resource.replacement_trigger is not None:
        data["replacementTrigger"] = encode(resource.replacement_trigger, seal, (*place, "replacementTrigger"))
    return {**data, **resource.extra}


def resource_from_json(data: Mapping[str, Any], open_secret: OpenSecret) -> ResourceState:
    """Read a resource; raises ValueError when it has no URN or no type."""
    for required in ("urn", "type"):
        if not isinstance(data.get(required), str) or not data[required]:
            raise ValueError(f"a resource has no {required}")
    copied = {attribute: data[name] for name, attribute in (*_BEFORE_INPUTS, *_AFTER_OUTPUTS) if data.get(name)}
    return ResourceState(
        urn=data["urn"],
        custom=bool(data.get("custom")),
        inputs=decode_properties(data.get("inputs") or {}, open_secret),
        outputs=decode_properties(data.get("outputs") or {}, open_secret),
        replacement_trigger=decode(data.get("replacementTrigger"), open_secret),
        created=time_from_json(data.get("created")),
        modified=time_from_json(data.get("modified")),
        extra={name: value for name, value in data.items() if name not in _KNOWN},
        **copied,
    )


def time_to_json(moment: datetime.datetime) -> str:
    """Write a time in UTC as RFC 3339, to the microsecond."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_from_json(text: str | None) -> datetime.datetime | None:
    """Read RFC 3339; the CLI writes nanoseconds, of which microseconds are kept."""
    if not text:
        return None
    return datetime.datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", text))


def _copy(resource: ResourceState, data: dict[str, Any], names: tuple[tuple[str, str], ...]) -> None:
    for name, attribute in names:
        value = getattr(resource, attribute)
        if value:
            data[name] = value
