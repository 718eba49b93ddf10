"""The `config` block of Pulumi.yaml: types, defaults and values of configuration keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

TYPES: Final = ("string", "integer", "boolean", "array", "object")


@dataclass(frozen=True)
class Declared:
    """What Pulumi.yaml says of one configuration key."""

    key: str
    """The full key, `project:key`."""
    type: str = ""
    """One of `TYPES`, or empty when no type is declared."""
    items: Mapping[str, Any] | None = None
    """The declaration of an array's elements (`type`, `items`)."""
    secret: bool = False
    given: bool = False
    """Whether Pulumi.yaml has a default or a value."""
    value: Any = None
    """The default or value: used where the stack has none."""

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is of the declared type; a key without a type accepts everything."""
        return not self.type or fits(value, self.type, self.items)


def full_key(key: str, project: str) -> str:
    """Return a configuration key with its namespace; `ns:config:name` is the old spelling of `ns:name`.

    Raises ValueError when it is neither.
    """
    match key.split(":"):
        case [name]:
            return f"{project}:{name}"
        case [_, _]:
            return key
        case [namespace, "config", name]:
            return f"{namespace}:{name}"
        case _:
            raise ValueError(f"{key} is no configuration key: `name` or `namespace:name` is expected.")


def fits(value: Any, type_: str, items: Mapping[str, Any] | None) -> bool:
    """Tell whether a value is of a type; text that reads as an integer or a boolean is one."""
    match type_:
        case "string":
            return isinstance(value, str)
        case "integer":
            return _is_integer(value)
        case "boolean":
            return isinstance(value, bool) or value in ("true", "false")
        case "object":
            return isinstance(value, dict)
        case "array":
            if not isinstance(value, list) or items is None:
                return False
            return all(fits(item, str(items.get("type", "")), items.get("items")) for item in value)
        case _:
            return False


def read_declared(config: Any, project: str, problems: list[str]) -> dict[str, Declared]:
    """Read the block; what is wrong in it is added to `problems`."""
    if config is None:
        return {}
    if not isinstance(config, dict):
        problems.append(f"config: must be a mapping, not {type(config).__name__}.")
        return {}
    declared: dict[str, Declared] = {}
    for name, body in config.items():
        try:
            key = full_key(str(name), project)
        except ValueError as error:
            problems.append(f"config.{error}")
            continue
        declared[key] = _read_one(key, body, own=key.startswith(f"{project}:"), problems=problems)
    return declared


def _read_one(key: str, body: Any, *, own: bool, problems: list[str]) -> Declared:
    if not isinstance(body, dict):
        # The short form: the key's value itself.
        return Declared(key, given=body is not None, value=body)
    type_, items = str(body.get("type") or ""), body.get("items")
    default, value = body.get("default"), body.get("value")
    found = Declared(
        key,
        type=type_,
        items=items if isinstance(items, dict) else None,
        secret=bool(body.get("secret")),
        given=default is not None or value is not None,
        value=default if default is not None else value,
    )
    problems += [f"config.{key}: {problem}" for problem in _problems(found, default, value, own=own)]
    return found


def _problems(found: Declared, default: Any, value: Any, *, own: bool) -> list[str]:
    problems = []
    if default is not None and value is not None:
        problems.append("has both `default` and `value`; keep one.")
    if found.type and found.type not in TYPES:
        problems.append(f"type {found.type!r} is none of {', '.join(TYPES)}.")
    elif found.type == "array" and found.items is None:
        problems.append("is an array without `items`, which gives the type of its elements.")
    elif own and default is not None and not found.accepts(default):
        problems.append(f"its default is not of its type, {found.type}.")
    if not own and (found.type or default is not None):
        problems.append("belongs to another namespace: only `value` can be given, no `type` and no `default`.")
    elif not own and value is None:
        problems.append("belongs to another namespace and needs a `value`.")
    return problems


def _is_integer(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        try:
            int(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
