"""What changes between a resource's recorded state and its new inputs, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.provider.experimental.provider import PropertyDiff, PropertyDiffKind

from pulumi_modelstore_sandbox.aws.policy_document import same_meaning
from pulumi_modelstore_sandbox.aws.properties import Properties

_ABSENT = object()


def changed_paths(
    state: Properties, inputs: Properties, *, arguments: frozenset[str], kept: frozenset[str], documents: frozenset[str]
) -> dict[str, PropertyDiffKind]:
    """Return each path that differs.

    `arguments` names all inputs that there are: one that is in the state alone has been removed, unless it is among
    `kept`, which AWS fills in. An empty value is an absent one. `documents` hold JSON and are compared by meaning.
    """
    paths: dict[str, PropertyDiffKind] = {}
    for key in sorted(arguments):
        old, new = state.get(key, _ABSENT), inputs.get(key, _ABSENT)
        if (new is _ABSENT and key in kept) or (_is_empty(old) and _is_empty(new)):
            continue
        if key in documents and same_meaning(old, new):
            continue
        paths.update(_compare(key, old, new))
    return paths


def detailed(paths: Mapping[str, PropertyDiffKind], replaces: frozenset[str]) -> dict[str, PropertyDiff]:
    """Dress paths for the protocol; those under an argument of `replaces` ask for a replacement."""
    replacing = {
        PropertyDiffKind.ADD: PropertyDiffKind.ADD_REPLACE,
        PropertyDiffKind.DELETE: PropertyDiffKind.DELETE_REPLACE,
        PropertyDiffKind.UPDATE: PropertyDiffKind.UPDATE_REPLACE,
    }
    return {
        path: PropertyDiff(replacing[kind] if root(path) in replaces else kind, input_diff=False)
        for path, kind in paths.items()
    }


def root(path: str) -> str:
    """Return the argument that a path is under."""
    return path.partition(".")[0].partition("[")[0]


def _compare(path: str, old: Any, new: Any) -> Iterator[tuple[str, PropertyDiffKind]]:
    if _is_empty(old) and _is_empty(new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _compare(_join(path, key), old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _ABSENT
            after = new[index] if index < len(new) else _ABSENT
            yield from _compare(f"{path}[{index}]", before, after)
    elif old is _ABSENT or old is None:
        yield path, PropertyDiffKind.ADD
    elif new is _ABSENT:
        yield path, PropertyDiffKind.DELETE
    elif old != new:
        yield path, PropertyDiffKind.UPDATE


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f'{path}["{key}"]'


def _is_empty(value: Any) -> bool:
    return value is _ABSENT or value is None or value is False or value in ("", 0) or value == [] or value == {}
