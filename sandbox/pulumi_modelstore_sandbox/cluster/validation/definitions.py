"""Custom resources against the schemas of their definitions, where MODELSTORE_KSERVE_CRDS names a file or folder.

Without one, a custom resource in the manifests folder is taken as it is; an API server checks it by itself.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any, Final

from pulumi_modelstore_sandbox.cluster.properties import UNKNOWN, Object, Path
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.scope import Scope
from pulumi_modelstore_sandbox.cluster.validation import Problem

VARIABLE: Final = "MODELSTORE_KSERVE_CRDS"

_TYPES: Final = {
    "object": (dict, "a map"),
    "array": (list, "a list"),
    "string": (str, "a string"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "number": (float, "a number"),
}
_EVERYWHERE: Final = frozenset({"apiVersion", "kind", "metadata"})


def problems(item: Object, kind: ResourceType) -> Iterator[Problem]:
    """Compare a custom resource with its definition's schema; says nothing where there is no definition."""
    definition = _definition(kind)
    if definition is None:
        return
    schema = _schema(definition, kind.version)
    if schema is None:
        served = ", ".join(version["name"] for version in definition["spec"]["versions"])
        yield Problem(("apiVersion",), f"{kind.kind} has no version {kind.version}; its definition has {served}")
        return
    own = {key: value for key, value in item.items() if key not in _EVERYWHERE}
    rest = {key: value for key, value in schema.get("properties", {}).items() if key not in _EVERYWHERE}
    required = [name for name in schema.get("required", ()) if name not in _EVERYWHERE]
    yield from _object(own, {**schema, "properties": rest, "required": required}, ())


def defined_scope(kind: ResourceType) -> Scope:
    """Return the scope that the kind's definition gives it."""
    definition = _definition(kind)
    return Scope.UNKNOWN if definition is None else Scope(definition["spec"]["scope"])


def _definition(kind: ResourceType) -> Object | None:
    named = os.environ.get(VARIABLE)
    return _parsed(named, kind.group, kind.kind) if named and not kind.built_in else None


def _schema(definition: Object, version: str) -> Object | None:
    for candidate in definition["spec"]["versions"]:
        if candidate["name"] == version:
            schema: Object = candidate.get("schema", {}).get("openAPIV3Schema", {})
            return schema
    return None


@functools.cache
def _parsed(named: str, group: str, kind: str) -> Object | None:
    # A definition can have tens of thousands of lines: only the one that is asked for is parsed.
    wanted = (
        re.compile(rf"^  group: {re.escape(group)}$", re.MULTILINE),
        re.compile(rf"^    kind: {re.escape(kind)}$", re.MULTILINE),
    )
    from pulumi_modelstore_sandbox.cluster.manifest import parse

    place = FilePath(named).expanduser()
    for file in sorted(place.glob("*.y*ml")) if place.is_dir() else [place]:
        for document in re.split(r"^---.*$", file.read_text(encoding="utf-8"), flags=re.MULTILINE):
            if all(pattern.search(document) for pattern in wanted):
                return parse(document)
    return None


def _object(value: Object, schema: Object, path: Path) -> Iterator[Problem]:
    known: Object = schema.get("properties", {})
    additional = schema.get("additionalProperties")
    for key in sorted(value):
        if key in known:
            yield from _value(value[key], known[key], (*path, key))
        elif isinstance(additional, dict):
            yield from _value(value[key], additional, (*path, key))
        elif not additional and not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield Problem((*path, key), "is no field of this kind")
    for key in schema.get("required", ()):
        if key not in value and "default" not in known.get(key, {}):
            yield Problem((*path, key), "is required")


def _value(value: Any, schema: Object, path: Path) -> Iterator[Problem]:
    if value == UNKNOWN:
        return
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, int | str) or isinstance(value, bool):
            yield Problem(path, "must be a whole number or a string")
        return
    expected, words = _TYPES.get(schema.get("type", ""), (object, ""))
    accepted = (int, float) if expected is float else expected
    if not isinstance(value, accepted) or (isinstance(value, bool) and expected in (int, float)):
        yield Problem(path, f"must be {words}")
    elif isinstance(value, dict):
        yield from _object(value, schema, path)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _value(inner, schema.get("items", {}), (*path, index))
    elif "enum" in schema and value not in schema["enum"]:
        yield Problem(path, "must be one of " + ", ".join(map(str, schema["enum"])))
