"""What changed between two objects, by property path."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

from pulumi_modelstore_sandbox.cluster.properties import Path


class Kind(Enum):
    """How a property changed."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


class Change(NamedTuple):
    """One changed property: the highest one that was added or removed as a whole, else the scalar."""

    path: Path
    kind: Kind


def changes(old: Any, new: Any, path: Path = ()) -> Iterator[Change]:
    """Compare two plain values; what a preview does not know yet counts as changed."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _at(old, new, key, key in old, key in new, path)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _at(old, new, index, index < len(old), index < len(new), path)
    elif not _same(old, new):
        yield Change(path, Kind.UPDATE)


def _at(old: Any, new: Any, step: str | int, in_old: bool, in_new: bool, path: Path) -> Iterator[Change]:
    here = (*path, step)
    if in_old and in_new:
        yield from changes(old[step], new[step], here)
    else:
        yield Change(here, Kind.DELETE if in_old else Kind.ADD)


def _same(old: Any, new: Any) -> bool:
    # In Python True == 1; in a manifest they differ.
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def projected(value: Any, onto: Any) -> Any:
    """Return the part of `value` that `onto` also has, list items by index: what a server added is left out."""
    if isinstance(value, dict) and isinstance(onto, dict):
        return {key: projected(value[key], inner) for key, inner in onto.items() if key in value}
    if isinstance(value, list) and isinstance(onto, list):
        # A list is compared whole: an item more or less is a change that somebody made.
        return [projected(item, onto[index]) if index < len(onto) else item for index, item in enumerate(value)]
    return value
