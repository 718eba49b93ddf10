"""Property values as the deployment JSON writes them."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pulumi_modelstore_sandbox.engine.values import (
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_STRING,
    Properties,
    Secret,
    Unknown,
    Value,
)

# The tag of numbers that JSON lacks.
FLOAT_SIGNATURE: Final = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"

_LARGEST_EXACT: Final = 2**53

Place: TypeAlias = "tuple[str | int, ...]"
"""Where a value stands: the resource's URN, `inputs` or `outputs`, then keys and indices."""
Seal: TypeAlias = Callable[[Secret, Place], Any]
"""Writes a secret: encrypted, in clear or blinded, as the purpose requires."""
OpenSecret: TypeAlias = Callable[[dict[str, Any]], Secret]
"""Reads a tagged secret."""


def encode(value: Value, seal: Seal, place: Place = ()) -> Any:
    """Return the value as plain JSON, secrets as `seal` writes them."""
    match value:
        case Secret():
            return seal(value, place)
        case Unknown():
            return UNKNOWN_STRING
        case bool() | int() | str() | None:
            return value
        case float():
            return _encode_float(value)
        case list():
            return [encode(item, seal, (*place, index)) for index, item in enumerate(value)]
        case dict():
            return encode_properties(value, seal, place)


def encode_properties(properties: Mapping[str, Value], seal: Seal, place: Place = ()) -> dict[str, Any]:
    """Return properties as plain JSON, in the order of their names."""
    return {key: encode(properties[key], seal, (*place, key)) for key in sorted(properties)}


def encode_nested(value: Value) -> Any:
    """Return what stands inside an encrypted value: secrets within it keep their mark and are not encrypted again."""
    return encode(value, lambda secret, _: tagged("ciphertext", json.dumps(encode_nested(secret.value))))


def seal_in_clear(secret: Secret, _: Place) -> Any:
    """Write a secret in clear, marked as one (`--show-secrets`)."""
    return tagged("plaintext", json.dumps(encode_nested(secret.value), ensure_ascii=False))


def tagged(kind: str, text: str) -> dict[str, str]:
    """Return the mark of a secret with its `ciphertext` or `plaintext`."""
    return {SIGNATURE: SECRET_SIGNATURE, kind: text}


def decode(value: Any, open_secret: OpenSecret) -> Value:
    """Read plain JSON; raises ValueError for a tagged secret that has neither or both of its texts."""
    match value:
        case list():
            return [decode(item, open_secret) for item in value]
        case dict():
            return _decode_tagged(value, open_secret)
        case str():
            return UNKNOWN if value == UNKNOWN_STRING else value
        case int() if abs(value) > _LARGEST_EXACT:
            # A double on the wire and in the CLI, whose shortest digits stand here.
            return int(float(value))
        case bool() | int() | float() | None:
            return value
        case _:
            raise TypeError(f"no JSON value: {type(value).__name__}")


def decode_properties(properties: Mapping[str, Any], open_secret: OpenSecret) -> Properties:
    """Read a map of properties."""
    return {key: decode(value, open_secret) for key, value in properties.items()}


def _decode_tagged(value: dict[str, Any], open_secret: OpenSecret) -> Value:
    signature = value.get(SIGNATURE)
    if signature == SECRET_SIGNATURE:
        if ("ciphertext" in value) == ("plaintext" in value):
            raise ValueError("a secret must have either a ciphertext or a plaintext")
        return open_secret(value)
    if signature == FLOAT_SIGNATURE:
        number: float = struct.unpack(">d", bytes.fromhex(value["value"]))[0]
        return number
    return decode_properties(value, open_secret)


def _encode_float(number: float) -> Any:
    if not math.isfinite(number):
        return {SIGNATURE: FLOAT_SIGNATURE, "value": struct.pack(">d", number).hex()}
    return int(number) if number == int(number) else number
