"""The arguments that the real AWS provider takes, read from the types of the installed pulumi_aws.

Whatever those types do not allow (unknown names, missing ones, values of another kind) the real plugin refuses too.
"""

from __future__ import annotations

import collections.abc
import difflib
import inspect
import threading
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pulumi_modelstore_sandbox.aws.properties import Properties, is_unknown

# pulumi_aws loads its packages lazily, and lets a second thread see one that is half loaded.
_LOADING: Final = threading.RLock()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one input: `property` is its path, such as `rules[0].status`."""

    property: str
    reason: str


def arguments_class(module: str, name: str) -> type:
    """Return pulumi_aws's class of a resource's arguments; a nested type of that name is not meant."""
    import importlib

    # Its package first, and something of it: a submodule imported past the package's lazy loader leaves the package
    # without its names for good, and so the program's `pulumi_aws.s3.Bucket`.
    with _LOADING:
        getattr(importlib.import_module(module.rpartition(".")[0]), name)
        loaded = importlib.import_module(module)
    # Where a nested type has taken the usual name, pulumi_aws calls the resource's own class InitArgs.
    found: type = getattr(loaded, f"{name}InitArgs", None) or getattr(loaded, f"{name}Args")
    return found


def argument_names(arguments: type) -> frozenset[str]:
    """Name all arguments, as they are on the wire."""
    return frozenset(_fields(arguments))


def conform(arguments: type, inputs: Properties) -> tuple[Properties, list[Problem]]:
    """Return `inputs` with numbers and booleans as such where they came as text, and every problem found."""
    problems: list[Problem] = []
    return _object(arguments, inputs, "", problems), problems


@dataclass(frozen=True, slots=True)
class _Field:
    type: Any
    required: bool


@lru_cache(maxsize=256)
def _fields(arguments: type) -> dict[str, _Field]:
    # The SDK's own reading of its generated classes: wire names and types without the Input around them.
    from pulumi._types import input_type_py_to_pulumi_names, input_type_types

    # Types are named in text: looking them up loads the packages that they are in.
    with _LOADING:
        kinds = input_type_types(arguments)
    parameters = inspect.signature(arguments).parameters
    return {
        wire: _Field(kinds[wire], parameters[python].default is inspect.Parameter.empty)
        for python, wire in input_type_py_to_pulumi_names(arguments).items()
    }


def _object(arguments: type, value: Mapping[str, Any], path: str, problems: list[Problem]) -> Properties:
    fields = _fields(arguments)
    conformed: Properties = {}
    for key, item in value.items():
        if key in fields:
            conformed[key] = _value(fields[key].type, item, f"{path}{key}", problems)
        elif not key.startswith("__"):
            problems.append(Problem(f"{path}{key}", _no_such_argument(key, fields)))
    for key, field in fields.items():
        if field.required and key not in value:
            problems.append(Problem(f"{path}{key}", f"the argument {key!r} is required"))
    return conformed


def _no_such_argument(key: str, fields: Mapping[str, _Field]) -> str:
    close = difflib.get_close_matches(key, fields, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"there is no argument {key!r}: {hint}allowed are {', '.join(sorted(fields))}"


def _value(kind: Any, value: Any, path: str, problems: list[Problem]) -> Any:
    if is_unknown(value):
        return value
    alternatives = list(_alternatives(kind))
    for alternative in alternatives:
        tried: list[Problem] = []
        conformed = _as(alternative, value, path, tried)
        # A value of the right kind has its own problems; one of another kind may fit the next alternative.
        if not any(problem.property == path for problem in tried):
            problems.extend(tried)
            return conformed
    wanted = " or ".join(dict.fromkeys(_described(alternative) for alternative in alternatives))
    problems.append(Problem(path, f"must be {wanted}, not {_described_value(value)}"))
    return value


def _as(kind: Any, value: Any, path: str, problems: list[Problem]) -> Any:
    origin = typing.get_origin(kind)
    if kind is Any:
        return value
    if origin in (collections.abc.Sequence, list) and isinstance(value, list):
        (item_kind,) = typing.get_args(kind)
        return [_value(item_kind, item, f"{path}[{index}]", problems) for index, item in enumerate(value)]
    if origin in (collections.abc.Mapping, dict) and isinstance(value, Mapping):
        _, item_kind = typing.get_args(kind)
        return {key: _value(item_kind, item, f"{path}.{key}", problems) for key, item in value.items()}
    if isinstance(kind, type) and origin is None:
        if kind in (str, bool, int, float):
            scalar = _scalar(kind, value)
            if scalar is not None:
                return scalar
        elif isinstance(value, Mapping):
            return _object(kind, value, f"{path}.", problems)
    problems.append(Problem(path, "another kind of value"))
    return value


def _scalar(kind: type, value: Any) -> str | bool | int | float | None:
    """Convert as the real plugin does: text to a number or boolean and back, where nothing is lost."""
    if kind is str and isinstance(value, str | bool | int | float):
        return value if isinstance(value, str) else str(value).lower()
    if kind is bool:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if number.is_integer():
        return int(number)
    return number if kind is float else None


def _alternatives(kind: Any) -> Iterator[Any]:
    """Take apart a union; enumerations are text, and awaitables and outputs never arrive."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        for argument in typing.get_args(kind):
            yield from _alternatives(argument)
    elif kind is type(None) or typing.get_origin(kind) is collections.abc.Awaitable or _is_output(kind):
        return
    elif isinstance(kind, type) and issubclass(kind, str):
        yield str
    else:
        yield kind


def _is_output(kind: Any) -> bool:
    import pulumi

    return (typing.get_origin(kind) or kind) is pulumi.Output


def _described(kind: Any) -> str:
    origin = typing.get_origin(kind)
    if origin in (collections.abc.Sequence, list):
        return "a list"
    if origin in (collections.abc.Mapping, dict):
        return "a map"
    names = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
    if kind in names:
        return names[kind]
    return f"an object with {', '.join(sorted(_fields(kind)))}"


def _described_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "text"
    return "true or false" if isinstance(value, bool) else f"{type(value).__name__}"
