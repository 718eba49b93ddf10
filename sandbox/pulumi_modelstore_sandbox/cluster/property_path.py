"""Pulumi's notation of a property's place: `spec.template.metadata.labels["app.kubernetes.io/name"]`, `items[0]`."""

from __future__ import annotations

import re
from typing import Any, Final

from pulumi_modelstore_sandbox.cluster.properties import Path

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_STEP: Final = re.compile(
    r"""\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+)\]|\[(?P<every>\*)\]|\.?(?P<key>[^.\[\]]+)"""
)


def written(path: Path) -> str:
    """Write a path in Pulumi's notation."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def parsed(text: str) -> Path:
    """Read Pulumi's notation; `*` and `[*]` stay the step `*`, which stands for every key or index."""
    steps: list[str | int] = []
    for match in _STEP.finditer(text):
        if match["quoted"] is not None:
            steps.append(re.sub(r"\\(.)", r"\1", match["quoted"]))
        elif match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match["every"] or match["key"])
    return tuple(steps)


def covers(pattern: Path, path: Path) -> bool:
    """Whether `path` is at or below `pattern`; a step `*` of either stands for any."""
    return len(pattern) <= len(path) and all(
        wanted == step or "*" in (wanted, step) for wanted, step in zip(pattern, path, strict=False)
    )


def at(value: Any, path: Path) -> Any:
    """Return what stands at a path; raises LookupError or TypeError where nothing does."""
    for step in path:
        found: Any = value if isinstance(value, dict | list) else {}
        value = found[step]
    return value


def present(value: Any, path: Path) -> bool:
    """Whether anything stands at a path."""
    try:
        at(value, path)
    except (LookupError, TypeError):
        return False
    return True


def put(value: Any, path: Path, new: Any) -> Any:
    """Return a copy of `value` with `new` at a path where something stands already."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: put(inner, rest, new) if key == step else inner for key, inner in value.items()}
    return [put(inner, rest, new) if index == step else inner for index, inner in enumerate(value)]
