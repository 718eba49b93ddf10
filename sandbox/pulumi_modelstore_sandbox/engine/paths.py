"""Property paths in Pulumi's notation: `spec.ports[0].name`, `data["a.b"]`, `rules[*].id`, `*`."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from pulumi_modelstore_sandbox.engine.values import Properties, Secret, Value

Path: TypeAlias = tuple[str | int, ...]
"""Names and indices; the name `*` stands for every element."""

_ELEMENT = re.compile(
    r"""
    \["(?P<quoted>(?:\\"|[^"])*)"\]   # ["a name"]
    | \[(?P<index>\*|-?\d+)\]         # [0] or [*]
    | \.?(?P<name>[^.\[]+)            # name or .name
    """,
    re.VERBOSE,
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")


def parse(text: str) -> Path:
    """Read a path. Raises ValueError when it is malformed."""
    elements: list[str | int] = []
    position = 0
    while position < len(text):
        # A dot before a bracket is not strictly legal, but some providers write it.
        start = position + 1 if text.startswith(".[", position) and position else position
        match = _ELEMENT.match(text, start)
        if match is None or (not elements and text.startswith(".")):
            raise ValueError(f"not a property path: {text!r}")
        if (index := match["index"]) is not None:
            elements.append("*" if index == "*" else int(index))
        elif (quoted := match["quoted"]) is not None:
            elements.append(quoted.replace('\\"', '"'))
        else:
            elements.append(match["name"])
        position = match.end()
    return tuple(elements)


def text_of(path: Path) -> str:
    """Write a path; names that are not plain identifiers are quoted."""
    text = ""
    for element in path:
        if isinstance(element, int):
            text += f"[{element}]"
        elif _PLAIN_NAME.fullmatch(element):
            text += f".{element}" if text else element
        else:
            escaped = element.replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def covers(path: Path, other: Path) -> bool:
    """Tell whether `other` is what `path` points at, or within it."""
    return len(other) >= len(path) and all(
        mine in ("*", theirs) and (mine == "*" or type(mine) is type(theirs))
        for mine, theirs in zip(path, other, strict=False)
    )


def reset(path: Path, old: Properties, new: Properties) -> tuple[Properties, bool]:
    """Return `new` with what `path` points at taken from `old`, and whether the path could be followed.

    A path that leads to an element which only one of the two has cannot be followed, unless it is a property.
    """
    copied: Properties = copy_of(new)
    done = _reset(path, old, copied, hidden=False)
    return copied, done


def copy_of(value: Value) -> Any:
    """Copy lists and dictionaries, at every depth."""
    match value:
        case dict():
            return {key: copy_of(item) for key, item in value.items()}
        case list():
            return [copy_of(item) for item in value]
        case Secret(inner):
            return Secret(copy_of(inner))
        case _:
            return value


def _bare(value: Any) -> tuple[Any, bool]:
    secret = isinstance(value, Secret)
    while isinstance(value, Secret):
        value = value.value
    return value, secret


def _reset(path: Path, old: Any, new: Any, *, hidden: bool) -> bool:
    """Reset in place; `hidden` says that the old value is within a secret and the new one is not."""
    old, old_secret = _bare(old)
    new, new_secret = _bare(new)
    hidden = (hidden or old_secret) and not new_secret
    head, rest = path[0], path[1:]
    if head == "*":
        return _reset_each(rest, old, new, hidden=hidden)
    if isinstance(head, int):
        if not isinstance(old, list) or not isinstance(new, list):
            return not isinstance(old, list) and not isinstance(new, list)
        if head < 0 or head >= len(old) or head >= len(new):
            return not rest and head >= len(old) and head >= len(new)
    else:
        if rest and (not isinstance(old, dict) or not isinstance(new, dict)):
            return not isinstance(old, dict) and not isinstance(new, dict)
        if not isinstance(old, dict) or head not in old:
            if isinstance(new, dict) and not rest:
                new.pop(head, None)
            return not rest or head not in new
        if not isinstance(new, dict) or (rest and head not in new):
            return False
    if rest:
        return _reset(rest, old[head], new[head], hidden=hidden)
    new[head] = _hide(old[head], hidden)
    return True


def _reset_each(rest: Path, old: Any, new: Any, *, hidden: bool) -> bool:
    if isinstance(new, dict) and isinstance(old, dict):
        if rest:
            return all(key in new and _reset(rest, old[key], new[key], hidden=hidden) for key in old)
        new.clear()
        new.update({key: _hide(value, hidden) for key, value in old.items()})
        return True
    if isinstance(new, list) and isinstance(old, list):
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            if not rest:
                new[index] = _hide(before, hidden)
            elif not _reset(rest, before, after, hidden=hidden):
                return False
        return len(old) == len(new)
    return not rest and isinstance(new, dict | list)


def _hide(value: Value, hidden: bool) -> Value:
    return Secret(value) if hidden and not isinstance(value, Secret) else value
