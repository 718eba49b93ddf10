"""Built-in kinds against the argument types of pulumi_kubernetes: unknown fields, missing fields, wrong types.

Free for a program that has imported the kind anyway; a plugin process pays for the import once, at its first check.
"""

from __future__ import annotations

import functools
import inspect
import threading
import typing
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Final

from pulumi_modelstore_sandbox.cluster.properties import UNKNOWN, Object, Path, Unsupported
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.validation import Problem

# Quantities are strings in pulumi_kubernetes's types; API servers take `cpu: 2` as well.
_QUANTITIES: Final = frozenset(
    {"averageValue", "capacity", "default", "defaultRequest", "divisor", "hard", "limits", "max", "min", "overhead"}
    | {"maxLimitRequestRatio", "podFixed", "requests", "sizeLimit", "targetAverageValue", "value"}
)
# A schema within an object: pulumi_kubernetes types its free-form parts as strings.
_FREE_FORM: Final = "openAPIV3Schema"
# pulumi_kubernetes loads its packages lazily, and lets a second thread see one that is half loaded.
_LOADING: Final = threading.RLock()
_WORDS: Final = {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}


def problems(item: Object, kind: ResourceType) -> Iterator[Problem]:
    """Compare an object with its kind's argument type; nothing is said of versions that pulumi_kubernetes lacks."""
    module = _module(kind)
    if module is None:
        return
    arguments = _arguments(module, kind.kind)
    if arguments is None:
        yield Problem(("kind",), f"{kind.api_version} has no kind {kind.kind}; look up its name and API version")
    else:
        yield from _fields(item, arguments, ())


@functools.cache
def _module(kind: ResourceType) -> str | None:
    import importlib.util

    module = f"pulumi_kubernetes.{kind.group.split('.')[0] or 'core'}.{kind.version}"
    try:
        return module if importlib.util.find_spec(module) else None
    except ModuleNotFoundError:
        return None


@functools.cache
def _arguments(module: str, kind: str) -> type | None:
    import importlib

    try:
        with _LOADING:
            found = importlib.import_module(f"{module}.{kind}")
    except ModuleNotFoundError:
        return None
    names = [name for name in found.__all__ if name.endswith("Args")]
    return getattr(found, names[0]) if names else None


@functools.cache
def _declared(arguments: type) -> tuple[dict[str, Any], frozenset[str]]:
    """Types of the fields by their names on the wire, and the fields that must be there."""
    from pulumi import _types

    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments).parameters.values()
    required = frozenset(names[p.name] for p in parameters if p.default is inspect.Parameter.empty and p.name in names)
    # Types are named in text: looking them up loads the packages that they are in.
    with _LOADING:
        return dict(_types.input_type_types(arguments)), required


def _fields(value: Any, arguments: type, path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, f"must hold fields, not {_shown(value)}")
        return
    types, required = _declared(arguments)
    for field in sorted(value):
        if field in types:
            yield from _value(value[field], types[field], (*path, field))
        else:
            close = _closest(field, types)
            yield Problem((*path, field), "is no field of this kind" + (f"; did you mean {close}?" if close else ""))
    for field in sorted(required - value.keys()):
        yield Problem((*path, field), "is required")


def _value(value: Any, declared: Any, path: Path) -> Iterator[Problem]:
    if value == UNKNOWN or path[-1] == _FREE_FORM:
        return
    if isinstance(value, Unsupported):
        yield Problem(path, f"is an {value.kind}, which no Kubernetes object can hold")
        return
    options = _options(declared)
    fitting = [option for option in options if _fits(value, option)]
    if not fitting:
        if not (isinstance(value, int | float) and not isinstance(value, bool) and _QUANTITIES.intersection(path)):
            yield Problem(path, f"must be {_expected(options)}, not {_shown(value)}")
        return
    option = fitting[0]
    origin = typing.get_origin(option)
    if isinstance(value, dict) and origin is not None and issubclass(origin, Mapping):
        for key in sorted(value):
            yield from _value(value[key], typing.get_args(option)[1], (*path, key))
    elif isinstance(value, dict) and _is_arguments(option):
        yield from _fields(value, option, path)
    elif isinstance(value, list) and origin is not None:
        for index, inner in enumerate(value):
            yield from _value(inner, typing.get_args(option)[0], (*path, index))


@functools.cache
def _options(declared: Any) -> tuple[Any, ...]:
    """Alternatives of a type, without None and without what only wraps a value in a program."""
    from pulumi import Output

    if typing.get_origin(declared) in {typing.Union, UnionType}:
        found = [option for part in typing.get_args(declared) for option in _options(part)]
        return tuple(dict.fromkeys(found))
    if typing.get_origin(declared) in {Awaitable, Output} or declared in (NoneType, Output, Awaitable):
        return ()
    return (declared,)


def _is_arguments(option: Any) -> bool:
    from pulumi import _types

    return isinstance(option, type) and _types.is_input_type(option)


def _fits(value: Any, option: Any) -> bool:
    origin = typing.get_origin(option)
    if origin is typing.Literal:
        return value in typing.get_args(option)
    if origin is not None and isinstance(origin, type):
        if issubclass(origin, Mapping):
            return isinstance(value, dict)
        return not issubclass(origin, Sequence) or isinstance(value, list)
    if not isinstance(option, type) or option is object:
        return True
    if _is_arguments(option) or typing.is_typeddict(option):
        return isinstance(value, dict)
    if option is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if option is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, option if option in _WORDS else str)


def _expected(options: tuple[Any, ...]) -> str:
    words: list[str] = []
    for option in options:
        origin = typing.get_origin(option)
        if origin is typing.Literal:
            words += [repr(allowed) for allowed in typing.get_args(option)]
        elif isinstance(origin, type) and issubclass(origin, Sequence):
            words.append("a list")
        elif isinstance(origin, type) or _is_arguments(option):
            words.append("a map")
        else:
            words.append(_WORDS.get(option, "a string"))
    return " or ".join(dict.fromkeys(words))


def _shown(value: Any) -> str:
    # A wrong value may be a secret one: its type says enough.
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    return next((words for kind, words in _WORDS.items() if type(value) is kind), type(value).__name__)


def _closest(field: str, known: Mapping[str, Any]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(field, known, 1)), "")
