"""An object's identity: its namespace and name, the Pulumi id made of them, and names made up where none is given."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final, NamedTuple

from pulumi_modelstore_sandbox.cluster.properties import UNKNOWN, Object
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.scope import Scope

AUTONAMED: Final = "pulumi.com/autonamed"
_SUFFIX_DIGITS: Final = 8


class Identity(NamedTuple):
    """Where an object is; `namespace` is empty for cluster-wide objects."""

    namespace: str
    name: str

    @property
    def resource_id(self) -> str:
        """Return Pulumi's id: `namespace/name`, or `name`."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def of(self, kind: ResourceType) -> str:
        """Name the object for a person."""
        return f"{kind} {self.resource_id}"


def from_resource_id(resource_id: str) -> Identity:
    """Read Pulumi's id."""
    namespace, _, name = resource_id.rpartition("/")
    return Identity(namespace, name)


def identity(item: Object) -> Identity:
    """Read an object's identity; a part that is missing is empty."""
    metadata = metadata_of(item)
    return Identity(_text(metadata.get("namespace")), _text(metadata.get("name")))


def is_known(item: Object) -> bool:
    """Whether a preview knows the object's name and namespace."""
    return UNKNOWN not in (item.get("metadata"), *identity(item)) and bool(identity(item).name)


def metadata_of(item: Object) -> Object:
    """Return the object's metadata, empty where it has none or a preview does not know it."""
    metadata = item.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def annotations_of(item: Object) -> Object:
    """Return the object's annotations, likewise."""
    found = metadata_of(item).get("annotations")
    return found if isinstance(found, dict) else {}


def is_autonamed(item: Object) -> bool:
    """Whether the name was made up."""
    return annotations_of(item).get(AUTONAMED) == "true"


def named(item: Object, old: Object | None, *, resource_name: str, seed: bytes) -> Object:
    """Return the object with a name: its own, the one made up before, or `<resource>-<8 hex digits>` from `seed`.

    `old` is the object's previous declaration; without it, or when its name was a given one, a new name is made up.
    """
    metadata = metadata_of(item)
    if metadata.get("name") or item.get("metadata") == UNKNOWN:
        return item
    before = identity(old).name if old is not None and is_autonamed(old) else ""
    name = before or f"{resource_name}-{_suffix(seed)}"
    marked: dict[str, Any] = {**metadata, "name": name, "annotations": {**annotations_of(item), AUTONAMED: "true"}}
    return {**item, "metadata": marked}


def placed(item: Object, scope: Scope, default_namespace: str) -> Object:
    """Return the object with the default namespace where its kind needs one and it names none."""
    metadata = metadata_of(item)
    if scope is not Scope.NAMESPACED or metadata.get("namespace") or item.get("metadata") == UNKNOWN:
        return item
    return {**item, "metadata": {**metadata, "namespace": default_namespace}}


def _suffix(seed: bytes) -> str:
    digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_SUFFIX_DIGITS)
    return digits[:_SUFFIX_DIGITS]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
