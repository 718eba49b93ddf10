"""Properties on their way to a provider, as far as it takes secrets, resource references and unknowns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

from pulumi_modelstore_sandbox.engine.values import (
    SIGNATURE,
    UNKNOWN,
    Properties,
    Secret,
    Value,
    contains_secret,
    to_wire,
    without_secrets,
)

REFERENCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
"""Marks a reference to another resource, part of Pulumi's wire protocol."""


@dataclass(frozen=True)
class Accepts:
    """What a provider said that it takes."""

    secrets: bool = False
    resources: bool = False

    def struct(self, properties: Properties, *, unknowns: bool = False) -> struct_pb2.Struct:
        """Write properties; without `unknowns`, what is not known is left out."""
        kept: Value = properties
        if not self.resources:
            kept = without_references(kept)
        if not unknowns:
            kept = _without_unknowns(kept)
        return to_wire(kept, secrets=self.secrets).struct_value


def in_clear(properties: Properties) -> struct_pb2.Struct:
    """Write properties for a provider that is not configured yet; unknowns are kept."""
    return Accepts().struct(properties, unknowns=True)


def without_references(value: Value) -> Value:
    """Replace references to resources by their ids (URNs for components)."""
    match value:
        case Secret(inner):
            return Secret(without_references(inner))
        case list():
            return [without_references(item) for item in value]
        case dict() if value.get(SIGNATURE) == REFERENCE_SIGNATURE:
            identity: Value = value.get("id")
            return value.get("urn") if "id" not in value else (identity if identity != "" else UNKNOWN)
        case dict():
            return {key: without_references(item) for key, item in value.items()}
        case _:
            return value


def _without_unknowns(value: Value) -> Any:
    match value:
        case Secret(inner):
            return UNKNOWN if inner is UNKNOWN else Secret(_without_unknowns(inner))
        case list():
            return [None if item is UNKNOWN else _without_unknowns(item) for item in value]
        case dict():
            kept = {key: _without_unknowns(item) for key, item in value.items()}
            return {key: item for key, item in kept.items() if item is not UNKNOWN}
        case _:
            return value


def marking_secrets(outputs: Properties, inputs: Mapping[str, Value]) -> Properties:
    """Mark as secret what came back in clear under the name of a secret input."""
    marked = dict(outputs)
    for key, given in inputs.items():
        if key not in marked:
            continue
        value = marked[key]
        if isinstance(value, dict) and isinstance(given, dict):
            marked[key] = marking_secrets(value, given)
        elif not isinstance(value, Secret) and contains_secret(given):
            marked[key] = Secret(value)
    return marked


def as_text(value: Value) -> str:
    """Write a provider's setting as its old configuration variables have it: text, or JSON."""
    bare = without_secrets(value)
    return bare if isinstance(bare, str) else json.dumps(bare)
