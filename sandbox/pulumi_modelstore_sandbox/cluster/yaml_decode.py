"""The function behind `pulumi_kubernetes.yaml` (v1): YAML text into objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi.provider.experimental.property_value import PropertyValue

from pulumi_modelstore_sandbox.cluster import manifest
from pulumi_modelstore_sandbox.cluster.identity import placed
from pulumi_modelstore_sandbox.cluster.properties import Object, plain, properties
from pulumi_modelstore_sandbox.cluster.resource_type import of_object
from pulumi_modelstore_sandbox.cluster.scope import known_scope

DECODE: Final = "kubernetes:yaml:decode"


def decode(arguments: Mapping[str, PropertyValue]) -> dict[str, PropertyValue]:
    """Return `{"result": [object, ...]}` for `{"text": ..., "defaultNamespace": ...}`; lists are taken apart."""
    given = plain(arguments).value
    namespace = given.get("defaultNamespace") or "default"
    found: list[Any] = []
    for item in manifest.parse_all(str(given.get("text") or "")):
        found += _objects(item, str(namespace))
    return properties({"result": found})


def _objects(item: Object, namespace: str) -> list[Object]:
    kind = of_object(str(item.get("apiVersion", "")), str(item.get("kind", "")))
    if kind.kind.endswith("List") and isinstance(item.get("items"), list):
        return [each for inner in item["items"] for each in _objects(inner, namespace)]
    return [placed(item, known_scope(kind), namespace)]
