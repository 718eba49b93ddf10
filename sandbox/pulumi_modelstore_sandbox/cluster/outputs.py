"""What a program and the state see of an object, and what of it is secret."""

from __future__ import annotations

from typing import Final

from pulumi.provider.experimental.property_value import PropertyValue

from pulumi_modelstore_provider.errors import keep_out_of_texts
from pulumi_modelstore_sandbox.cluster.identity import annotations_of
from pulumi_modelstore_sandbox.cluster.properties import UNKNOWN, Inputs, Object, Path, leaves, properties
from pulumi_modelstore_sandbox.cluster.property_path import covers
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.secret_data import SECRET_FIELDS, keep_hidden, with_declared_text

# Holds the whole object, a Secret's data included, where kubectl's client-side apply has been used on it.
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

# A dry run makes these up.
_NOT_YET: Final = frozenset({"creationTimestamp", "generation", "resourceVersion", "uid"})


def outputs(live: Object, inputs: Inputs, kind: ResourceType, *, planned: bool = False) -> dict[str, PropertyValue]:
    """Return the live object as outputs, without the server's bookkeeping of field owners.

    What was a secret input is a secret output, and a Secret's data always is. `planned` leaves out what only a created
    object has.
    """
    shown = with_declared_text(live, inputs.value) if kind.is_secret else live
    metadata = shown.get("metadata")
    if isinstance(metadata, dict):
        dropped = {"managedFields"} | (_NOT_YET if planned else set())
        shown = {**shown, "metadata": {key: value for key, value in metadata.items() if key not in dropped}}
    hidden: set[Path] = set(inputs.secrets)
    if kind.is_secret:
        hidden |= SECRET_FIELDS
        if _LAST_APPLIED in annotations_of(shown):
            hidden.add(("metadata", "annotations", _LAST_APPLIED))
    return properties(shown, frozenset(hidden))


def hide(inputs: Inputs, kind: ResourceType) -> None:
    """Make every later error leave out the values of secret inputs and of a Secret's data."""
    if kind.is_secret:
        keep_hidden(inputs.value)
    if not inputs.secrets:
        return
    for path, leaf in leaves(inputs.value):
        if isinstance(leaf, str) and leaf != UNKNOWN and any(covers(secret, path) for secret in inputs.secrets):
            keep_out_of_texts(leaf)
