"""Configuration values as text, character for character as the Pulumi CLI hands them to a program.

The text matters beyond the program: the CLI keeps it in the state as inputs of its dynamic provider, and another
spelling of the same value would be a change there.
"""

from __future__ import annotations

import datetime
import json
from typing import Any


def text_of(value: Any) -> str:
    """Return a scalar as plain text, a list or mapping as JSON; null is the empty text."""
    match value:
        case None:
            return ""
        case str():
            return value
        case list() | dict():
            return json_of(value)
        case _:
            return _scalar(value)


def json_of(value: Any) -> str:
    """Return compact JSON with sorted keys; `<`, `>`, `&` and the two line separators are escaped."""
    match value:
        case str():
            return _quoted(value)
        case list():
            return "[" + ",".join(json_of(item) for item in value) + "]"
        case dict():
            return "{" + ",".join(f"{_quoted(str(key))}:{json_of(value[key])}" for key in sorted(value, key=str)) + "}"
        case None:
            return "null"
        case datetime.date():
            return _quoted(_scalar(value))
        case _:
            return _scalar(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        quoted = quoted.replace(character, f"\\u{ord(character):04x}")
    return quoted


def _scalar(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return _number(value)
        case datetime.datetime():
            # An unquoted date is a point in time in YAML, and the CLI writes it out as one.
            moment = value.astimezone(datetime.UTC) if value.tzinfo else value
            fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
            return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"
        case datetime.date():
            return f"{value:%Y-%m-%d} 00:00:00 +0000 UTC"
        case int() if not -(2**63) <= value < 2**64:
            return _number(float(value))
        case _:
            return str(value)


def _number(value: float) -> str:
    """Write a number in its shortest form, with an exponent from 1e21 on."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return repr(value)
