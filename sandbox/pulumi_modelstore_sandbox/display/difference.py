"""How two values differ, one entry for each leaf that does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pulumi_modelstore_sandbox.display.values import hidden
from pulumi_modelstore_sandbox.engine import paths
from pulumi_modelstore_sandbox.engine.events import DiffKind, PropertyDiff, Step
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import SIGNATURE, Properties, Secret, Value


class Absent:
    """The type of `ABSENT`: there is no such property."""


ABSENT: Final = Absent()
Side: TypeAlias = "Value | Absent"


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    path: paths.Path
    old: Any
    new: Any
    replaces: bool = False
    """Whether it is this difference that requires a replacement."""

    @property
    def symbol(self) -> str:
        """`+` added, `-` removed, `~` changed."""
        if isinstance(self.old, Absent):
            return "+"
        return "-" if isinstance(self.new, Absent) else "~"

    @property
    def name(self) -> str:
        """The path in Pulumi's notation."""
        return paths.text_of(self.path)


def changes_of(step: Step) -> list[Change]:
    """Return what differs in a step: what the provider says, looked up in the inputs and outputs on both sides."""
    old, new = step.old, step.new
    if old is None or new is None:
        return []
    if not step.detailed_diff:
        return _by_inputs(step, old, new)
    found: list[Change] = []
    seen: set[paths.Path] = set()
    for text, kind in step.detailed_diff.items():
        for change in _at(paths.parse(text), kind, old, new):
            if change.path not in seen:
                seen.add(change.path)
                found.append(change)
    return sorted(found, key=lambda change: tuple(map(str, change.path)))


def between(old: Side, new: Side, path: paths.Path = ()) -> Iterator[Change]:
    """Yield the leaves in which two values differ; within texts that are JSON objects, their leaves."""
    if isinstance(old, dict) and isinstance(new, dict) and SIGNATURE not in old and SIGNATURE not in new:
        for key in sorted(old.keys() | new.keys()):
            if not hidden(key):
                yield from between(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
        return
    if isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from between(_item(old, index), _item(new, index), (*path, index))
        return
    if isinstance(old, str) and isinstance(new, str):
        objects = _json_object(old), _json_object(new)
        if objects[0] is not None and objects[1] is not None and objects[0] != objects[1]:
            yield from between(objects[0], objects[1], path)
            return
    if isinstance(old, Secret) != isinstance(new, Secret) or old != new:
        yield Change(path, old, new)


def _by_inputs(step: Step, old: ResourceState, new: ResourceState) -> list[Change]:
    inputs = list(between(old.inputs, new.inputs))
    named = [change for change in inputs if change.path and change.path[0] in step.diffs]
    keys = set(step.replace_keys)
    return [
        Change(change.path, change.old, change.new, replaces=str(change.path[0]) in keys) for change in named or inputs
    ]


def _at(path: paths.Path, kind: PropertyDiff, old: ResourceState, new: ResourceState) -> Iterator[Change]:
    before = _lookup(old.inputs if kind.input_diff else old.outputs, path)
    after = _lookup(new.inputs, path)
    if isinstance(after, Absent) and not kind.kind.startswith("delete"):
        after = _lookup(new.outputs, path)
    replaces = kind.kind.endswith("-replace")
    leaves = list(between(before, after, path)) or [_as_told(path, before, after, kind.kind)]
    for leaf in leaves:
        yield Change(leaf.path, leaf.old, leaf.new, replaces=replaces)


def _as_told(path: paths.Path, before: Side, after: Side, kind: DiffKind) -> Change:
    """Return a difference that the provider sees and the values at hand do not show."""
    if kind.startswith("add"):
        return Change(path, ABSENT, after)
    if kind.startswith("delete"):
        return Change(path, before, ABSENT)
    return Change(path, before, after)


def _lookup(properties: Properties, path: paths.Path) -> Side:
    value: Side = properties
    for element in path:
        if isinstance(value, Secret):
            return value
        if isinstance(element, int):
            value = _item(value, element) if isinstance(value, list) else ABSENT
        else:
            value = value.get(element, ABSENT) if isinstance(value, dict) else ABSENT
        if isinstance(value, Absent):
            return ABSENT
    return value


def _item(value: list[Any], index: int) -> Side:
    return value[index] if 0 <= index < len(value) else ABSENT


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
