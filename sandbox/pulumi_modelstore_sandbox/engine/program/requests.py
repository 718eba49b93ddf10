"""Registrations as the SDK sends them, read into goals."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from google.protobuf import struct_pb2
from pulumi.runtime.proto import resource_pb2

from pulumi_modelstore_sandbox.engine.goal import Alias
from pulumi_modelstore_sandbox.engine.providers.assets import with_hashes
from pulumi_modelstore_sandbox.engine.values import OUTPUT_SIGNATURE, SIGNATURE, Properties, from_struct

HOOK_KINDS: Final = (
    "before_create",
    "after_create",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
    "on_error",
)

_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)")


@dataclass(frozen=True)
class Inherited:
    """What a resource's children get from it unless they say otherwise."""

    protect: bool | None
    retain_on_delete: bool | None
    deleted_with: str
    provider: str


def options_of(request: Any, provider: str) -> Any:
    """Return a registration's options in the form in which transforms see and change them."""
    defined = request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
    urn_aliases = [{"urn": urn} for urn in request.aliasURNs]
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=[*urn_aliases, *request.aliases],
        provider=provider,
        providers=request.providers,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        replace_with=request.replace_with,
        additional_secret_outputs=request.additionalSecretOutputs,
        hide_diff=request.hideDiffs,
        hooks=request.hooks,
        delete_before_replace=request.deleteBeforeReplace if defined else None,
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        custom_timeouts=request.customTimeouts if request.HasField("customTimeouts") else None,
        replacement_trigger=request.replacement_trigger if request.HasField("replacement_trigger") else None,
    )
    setattr(options, "import", request.importId)
    return options


def inherit(request: Any, parent: Inherited) -> None:
    """Complete a registration with what its parent passes on."""
    if not request.deletedWith:
        request.deletedWith = parent.deleted_with
    if not request.HasField("protect") and parent.protect is not None:
        request.protect = parent.protect
    if not request.HasField("retainOnDelete") and parent.retain_on_delete is not None:
        request.retainOnDelete = parent.retain_on_delete


def properties_of(struct: struct_pb2.Struct, folder: Path) -> Properties:
    """Read inputs; assets get the digest of what they hold."""
    return {key: with_hashes(value, folder) for key, value in from_struct(struct).items()}


def aliases_of(messages: Iterable[Any]) -> list[Alias]:
    """Read aliases."""
    aliases = []
    for message in messages:
        if message.WhichOneof("alias") == "urn":
            aliases.append(Alias(urn=message.urn))
            continue
        spec = message.spec
        alias = Alias(
            name=spec.name,
            type=spec.type,
            stack=spec.stack,
            project=spec.project,
            parent=spec.parentUrn if spec.WhichOneof("parent") == "parentUrn" else "",
            no_parent=spec.WhichOneof("parent") == "noParent" and spec.noParent,
        )
        aliases.append(alias)
    return aliases


def hooks_of(binding: Any) -> dict[str, list[str]]:
    """Read the names of a resource's hooks, by kind."""
    return {kind: list(names) for kind in HOOK_KINDS if (names := getattr(binding, kind))}


def timeouts_of(message: Any) -> dict[str, float]:
    """Read custom timeouts (`5m`, `1h30m`) as seconds. Raises ValueError for anything else."""
    texts = {key: getattr(message, key) for key in ("create", "update", "delete")}
    return {key: seconds_of(text) for key, text in texts.items() if text}


def seconds_of(text: str) -> float:
    """Read a duration in the notation of Go. Raises ValueError for anything else."""
    parts = _DURATION_PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration such as 30s, 5m or 1h30m (custom_timeouts)")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def source_position(message: Any, root: Path) -> str:
    """Return where a resource is declared, as `project:///path#line`; empty when that is not in a file."""
    parts = urlsplit(message.uri)
    if parts.scheme != "file":
        return ""
    # The program may stand beside the project's folder, not in it.
    relative = Path(os.path.relpath(unquote(parts.path), root)).as_posix()
    column = f",{message.column}" if message.column else ""
    return f"project:///{relative}#{message.line}{column}"


def dependencies_in(value: struct_pb2.Value) -> set[str]:
    """Return the URNs that outputs within a wire value depend on."""
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = value.struct_value.fields
            found = set().union(*(dependencies_in(item) for item in fields.values()))
            if SIGNATURE in fields and fields[SIGNATURE].string_value == OUTPUT_SIGNATURE and "dependencies" in fields:
                found |= {item.string_value for item in fields["dependencies"].list_value.values}
            return found
        case "list_value":
            return set().union(*(dependencies_in(item) for item in value.list_value.values))
        case _:
            return set()


def as_outputs(struct: struct_pb2.Struct, dependencies: Mapping[str, Iterable[str]]) -> struct_pb2.Struct:
    """Return inputs with their dependencies on them, so that a transform that moves a value moves these too."""
    result = struct_pb2.Struct()
    result.CopyFrom(struct)
    for key, value in struct.fields.items():
        urns = sorted(dependencies.get(key, ()))
        if urns:
            fields = result.fields[key].struct_value.fields
            fields[SIGNATURE].string_value = OUTPUT_SIGNATURE
            fields["value"].CopyFrom(value)
            fields["dependencies"].list_value.extend(urns)
    return result
