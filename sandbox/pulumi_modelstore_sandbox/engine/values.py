"""Property values as the engine holds them, between the wire (protobuf Struct) and the state file (JSON).

Plain Python values carry everything but three things: a secret is a `Secret`, a value not known yet is `UNKNOWN`, and
assets, archives and resource references stay the tagged dictionaries that the wire uses.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2

# The engine's own markers, part of Pulumi's wire protocol.
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown(enum.Enum):
    """The type of `UNKNOWN`, a value that a preview cannot know."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is never shown and is written to the state encrypted."""

    value: Value

    def __repr__(self) -> str:
        return "Secret([secret])"


Value: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | Secret | Unknown | None"
Properties: TypeAlias = "dict[str, Value]"


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Read a wire Struct; whole numbers become `int`, secrets `Secret`, unknowns `UNKNOWN`."""
    return {key: from_wire(value) for key, value in struct.fields.items()}


def from_wire(value: struct_pb2.Value) -> Value:
    """Read one wire value."""
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_STRING else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if math.isfinite(number) and number == int(number) else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [from_wire(item) for item in value.list_value.values]
        case "struct_value":
            return _from_tagged(value.struct_value)
        case _:
            return None


def _from_tagged(struct: struct_pb2.Struct) -> Value:
    signature = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else None
    if signature == SECRET_SIGNATURE:
        return Secret(from_wire(struct.fields["value"]))
    if signature == OUTPUT_SIGNATURE:
        inner = from_wire(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        secret = struct.fields["secret"].bool_value if "secret" in struct.fields else False
        return Secret(inner) if secret else inner
    return from_struct(struct)


def to_struct(properties: Mapping[str, Value], *, secrets: bool = True) -> struct_pb2.Struct:
    """Write properties to the wire; with `secrets=False` in clear, for a provider that takes no marked ones."""
    return struct_pb2.Struct(fields={key: to_wire(value, secrets=secrets) for key, value in properties.items()})


def to_wire(value: Value, *, secrets: bool = True) -> struct_pb2.Value:
    """Write one value to the wire."""
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_STRING)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Secret(inner):
            if not secrets:
                return to_wire(inner, secrets=False)
            tagged: dict[str, Value] = {SIGNATURE: SECRET_SIGNATURE, "value": inner}
            return struct_pb2.Value(struct_value=to_struct(tagged, secrets=secrets))
        case list():
            items = [to_wire(item, secrets=secrets) for item in value]
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
        case dict():
            return struct_pb2.Value(struct_value=to_struct(value, secrets=secrets))


def contains(value: Value, wanted: Callable[[Value], bool]) -> bool:
    """Tell whether the value, or anything in it, is `wanted`."""
    if wanted(value):
        return True
    match value:
        case Secret(inner):
            return contains(inner, wanted)
        case list():
            return any(contains(item, wanted) for item in value)
        case dict():
            return any(contains(item, wanted) for item in value.values())
        case _:
            return False


def contains_secret(value: Value) -> bool:
    """Tell whether a secret is anywhere in the value."""
    return contains(value, lambda item: isinstance(item, Secret))


def contains_unknown(value: Value) -> bool:
    """Tell whether anything in the value is not known yet."""
    return contains(value, lambda item: item is UNKNOWN)


def without_secrets(value: Value) -> Any:
    """Return the value with every `Secret` replaced by what it holds: to compare and to send, never to show."""
    match value:
        case Secret(inner):
            return without_secrets(inner)
        case list():
            return [without_secrets(item) for item in value]
        case dict():
            return {key: without_secrets(item) for key, item in value.items()}
        case _:
            return value
