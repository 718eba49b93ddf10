"""What a diff of a resource is, and the diff that follows from its inputs alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pulumi_modelstore_sandbox.engine import paths
from pulumi_modelstore_sandbox.engine.events import DiffKind, PropertyDiff
from pulumi_modelstore_sandbox.engine.values import Properties, Value, without_secrets

INIT_ERROR_KEY: Final = "#initerror"
"""What `replace_on_changes` names to have a resource replaced whose creation did not complete."""

_INVERSE: Final[Mapping[DiffKind, DiffKind]] = {
    "add": "delete",
    "add-replace": "delete-replace",
    "delete": "add",
    "delete-replace": "add-replace",
    "update": "update",
    "update-replace": "update-replace",
}


@dataclass(frozen=True, slots=True)
class Diff:
    """How a resource differs from what is recorded."""

    changed: bool | None
    """None: the provider does not know; its inputs decide."""
    keys: Sequence[str] = ()
    """Top-level properties that differ."""
    replace_keys: Sequence[str] = ()
    detailed: Mapping[str, PropertyDiff] = field(default_factory=dict)
    """By property path; empty when the provider gives none."""
    delete_before_replace: bool = False

    @property
    def replaces(self) -> bool:
        """Whether the resource must be replaced."""
        return bool(self.replace_keys) or any(item.kind.endswith("-replace") for item in self.detailed.values())

    def inverted(self) -> Diff:
        """Return the diff that undoes this one."""
        detailed = {path: replace(item, kind=_INVERSE[item.kind]) for path, item in self.detailed.items()}
        return replace(self, detailed=detailed)


def same(old: Value, new: Value) -> bool:
    """Compare two values; whether a part is secret makes no difference."""
    return bool(_exact(without_secrets(old)) == _exact(without_secrets(new)))


def identical(old: Value, new: Value) -> bool:
    """Compare two values, secrets as secrets."""
    return bool(_exact(old) == _exact(new))


def _exact(value: Value) -> object:
    """Tell `True` from `1`, which Python holds equal and Pulumi does not."""
    match value:
        case bool():
            return ("bool", value)
        case dict():
            return {key: _exact(item) for key, item in value.items() if item is not None}
        case list():
            return [_exact(item) for item in value]
        case _:
            return value


def of_inputs(old: Properties, new: Properties) -> Diff:
    """Compare recorded inputs with new ones, as for a provider that leaves the diff to the engine."""
    bare_old, bare_new = without_secrets(old), without_secrets(new)
    detailed = {paths.text_of(path): PropertyDiff(kind) for path, kind in _differences((), bare_old, bare_new)}
    keys = [key for key in {**bare_old, **bare_new} if not same(bare_old.get(key), bare_new.get(key))]
    return Diff(changed=bool(detailed), keys=keys, detailed=detailed)


def _differences(path: paths.Path, old: Value, new: Value) -> Iterator[tuple[paths.Path, DiffKind]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differences((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= len(old):
                yield (*path, index), "add"
            elif index >= len(new):
                yield (*path, index), "delete"
            else:
                yield from _differences((*path, index), old[index], new[index])
    elif not same(old, new):
        yield path, "add" if old is None else "delete" if new is None else "update"


def replacing_on(diff: Diff, properties: Sequence[str], *, has_init_errors: bool) -> Diff:
    """Turn changes of some properties into a replacement (`replace_on_changes`). Raises ValueError for a bad path."""
    if not properties or not (diff.changed or has_init_errors):
        return diff
    wanted = [paths.parse(item) for item in properties]

    def hit(text: str) -> bool:
        path = paths.parse(text)
        return any(paths.covers(item, path) for item in wanted)

    detailed: dict[str, PropertyDiff] = {
        path: replace(item, kind=_replacing(item.kind)) if hit(path) else item for path, item in diff.detailed.items()
    }
    keys = [*diff.replace_keys, *(key for key in diff.keys if hit(_quoted(key)) and key not in diff.replace_keys)]
    changed = diff.changed
    if has_init_errors and hit(INIT_ERROR_KEY):
        keys.append(INIT_ERROR_KEY)
        changed = True
    return replace(diff, changed=changed, detailed=detailed, replace_keys=keys)


def _quoted(key: str) -> str:
    return paths.text_of((key,))


def _replacing(kind: DiffKind) -> DiffKind:
    match kind:
        case "add":
            return "add-replace"
        case "delete":
            return "delete-replace"
        case "update":
            return "update-replace"
        case _:
            return kind


def ignoring(properties: Sequence[str], old: Properties, new: Properties) -> tuple[Properties, list[str]]:
    """Return new inputs with ignored properties as they were, and the paths that could not be followed."""
    unfollowed = []
    for text in properties:
        try:
            path = paths.parse(text)
        except ValueError:
            unfollowed.append(text)
            continue
        if path:
            new, followed = paths.reset(path, old, new)
            if not followed:
                unfollowed.append(text)
    return new, unfollowed
