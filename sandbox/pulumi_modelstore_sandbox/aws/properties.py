"""Property values of the provider protocol as plain values, and back.

An unknown stays the protocol's marker string, which the SDK passes through untouched. Secrets are remembered by
top-level property: one secret inside makes the whole property secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN as _UNKNOWN

UNKNOWN: Final[str] = _UNKNOWN
Properties: TypeAlias = "dict[str, Any]"


def plain(properties: Mapping[str, PropertyValue]) -> Properties:
    """Strip properties to plain values: whole numbers become `int`, absent ones and nulls go."""
    return {key: _plain(item) for key, item in properties.items() if item.value is not None}


def secret_keys(properties: Mapping[str, PropertyValue]) -> set[str]:
    """Name the properties that are, or contain, a secret."""
    return {key for key, item in properties.items() if item.contains_secret()}


def dressed(values: Mapping[str, Any], secrets: Iterable[str] = ()) -> dict[str, PropertyValue]:
    """Dress plain values for the protocol; those named in `secrets` are secret."""
    hidden = set(secrets)
    return {
        key: _dressed(value).with_secret(key in hidden and not is_unknown(value))
        for key, value in values.items()
        if value is not None
    }


def is_unknown(value: Any) -> bool:
    """Tell whether a value is known only after an update."""
    return isinstance(value, str) and value == UNKNOWN


def contains_unknown(value: Any) -> bool:
    """Tell whether a value, or anything in it, is known only after an update."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return is_unknown(value)


def _plain(item: PropertyValue) -> Any:
    value = item.value
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items() if inner.value is not None}
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value if isinstance(inner, PropertyValue)]
    if isinstance(value, Computed):
        return UNKNOWN
    return value


def _dressed(value: Any) -> PropertyValue:
    if isinstance(value, Mapping):
        return PropertyValue({key: _dressed(item) for key, item in value.items() if item is not None})
    if isinstance(value, list | tuple):
        return PropertyValue([_dressed(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)
