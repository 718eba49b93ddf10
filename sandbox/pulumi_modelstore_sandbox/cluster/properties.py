"""Property values of the provider protocol, as plain JSON values and back.

Unknowns stay the protocol's own marker string: a preview carries it through every step below untouched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN as _UNKNOWN

UNKNOWN: Final[str] = _UNKNOWN
Path: TypeAlias = "tuple[str | int, ...]"
Object: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True)
class Unsupported:
    """A value that no Kubernetes object can hold: an asset, an archive or a resource."""

    kind: str


@dataclass(frozen=True)
class Inputs:
    """Plain values, and the paths of those that are secret."""

    value: Object
    secrets: frozenset[Path]


def plain(properties: Mapping[str, PropertyValue] | None) -> Inputs:
    """Strip properties to plain values: whole numbers become `int`, nulls go, secret paths are remembered."""
    secrets: set[Path] = set()
    value = {key: _plain(item, (key,), secrets) for key, item in (properties or {}).items() if item.value is not None}
    return Inputs(value, frozenset(secrets))


def _plain(item: PropertyValue, path: Path, secrets: set[Path]) -> Any:
    if item.is_secret:
        secrets.add(path)
    value = item.value
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {key: _plain(inner, (*path, key), secrets) for key, inner in value.items() if inner.value is not None}
    if isinstance(value, Sequence):
        kept = (inner for inner in value if isinstance(inner, PropertyValue) and inner.value is not None)
        return [_plain(inner, (*path, index), secrets) for index, inner in enumerate(kept)]
    if isinstance(value, Computed):
        return UNKNOWN
    return Unsupported(type(value).__name__)


def properties(value: Mapping[str, Any], secrets: frozenset[Path] = frozenset()) -> dict[str, PropertyValue]:
    """Dress plain values for the protocol; everything at or below a path of `secrets` is secret."""
    return {key: _dressed(item, (key,), secrets) for key, item in value.items()}


def _dressed(value: Any, path: Path, secrets: frozenset[Path]) -> PropertyValue:
    dressed: Any
    if isinstance(value, Mapping):
        dressed = {key: _dressed(inner, (*path, key), secrets) for key, inner in value.items()}
    elif isinstance(value, list):
        dressed = [_dressed(inner, (*path, index), secrets) for index, inner in enumerate(value)]
    elif isinstance(value, int) and not isinstance(value, bool):
        dressed = float(value)
    else:
        dressed = value
    return PropertyValue(dressed, is_secret=path in secrets)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar of a value with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def has_unknowns(value: Any) -> bool:
    """Whether a preview does not know some part of the value yet."""
    return any(leaf == UNKNOWN for _, leaf in leaves(value))


def without_unknowns(value: Any) -> Any:
    """Return a copy that leaves out what a preview does not know."""
    if isinstance(value, dict):
        return {key: without_unknowns(inner) for key, inner in value.items() if inner != UNKNOWN}
    if isinstance(value, list):
        return [without_unknowns(inner) for inner in value if inner != UNKNOWN]
    return value
