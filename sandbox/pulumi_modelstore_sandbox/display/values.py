"""Property values as text. A secret is never opened here: it is shown as `[secret]`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pulumi_modelstore_sandbox.engine.values import SIGNATURE, Secret, Unknown, Value

SECRET: Final = "[secret]"
UNKNOWN: Final = "[unknown]"

_LONGEST_TEXT: Final = 300
"""Characters of a text that are shown without --diff."""
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"


def hidden(key: str) -> bool:
    """Tell whether a property is Pulumi's own bookkeeping (`__provider`, `__defaults`)."""
    return key.startswith("__")


def inline(value: Value, *, full: bool = False) -> str:
    """Return the value on one line; long texts are shortened unless `full`."""
    match value:
        case Secret():
            return SECRET
        case Unknown():
            return UNKNOWN
        case str():
            return _quoted(value, full=full)
        case list():
            return "[" + ", ".join(inline(item, full=full) for item in value) + "]"
        case dict():
            if SIGNATURE in value:
                return _tagged(value)
            inner = ", ".join(f"{key}: {inline(item, full=full)}" for key, item in value.items() if not hidden(key))
            return "{" + inner + "}"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def plain(value: Value) -> Any:
    """Return the value for JSON output, `[secret]` and `[unknown]` in their places."""
    match value:
        case Secret():
            return SECRET
        case Unknown():
            return UNKNOWN
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value


def lines(key: str, value: Value, *, full: bool = False) -> Iterator[str]:
    """Yield `key: value` over as many indented lines as lists and mappings need."""
    match value:
        case dict() if value and SIGNATURE not in value:
            yield f"{key}: {{"
            yield from _nested(value, full=full)
            yield "}"
        case list() if value:
            yield f"{key}: ["
            for index, item in enumerate(value):
                yield from (f"    {line}" for line in lines(f"[{index}]", item, full=full))
            yield "]"
        case _:
            yield f"{key}: {inline(value, full=full)}"


def properties(shown: dict[str, Any], *, full: bool = False) -> Iterator[str]:
    """Yield the lines of a resource's properties, names padded to one width."""
    names = [name for name in shown if not hidden(name)]
    width = min(max((len(name) for name in names), default=0), 30)
    for name in sorted(names):
        yield from lines(name.ljust(width), shown[name], full=full)


def _nested(value: dict[str, Any], *, full: bool) -> Iterator[str]:
    for line in properties(value, full=full):
        yield f"    {line}"


def _quoted(text: str, *, full: bool) -> str:
    if len(text) > _LONGEST_TEXT and not full:
        return f"{_escaped(text[:_LONGEST_TEXT])}... ({len(text):,} characters)"
    return _escaped(text)


def _escaped(text: str) -> str:
    """Quote a text on one line: what a terminal would act on or break a line at is escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in quoted)


def _tagged(value: dict[str, Any]) -> str:
    kind = {_ASSET: "asset", _ARCHIVE: "archive"}.get(value[SIGNATURE])
    if value[SIGNATURE] == _RESOURCE:
        return f"resource({value.get('urn', '')})"
    if kind is None:
        return "{...}"
    where = next((str(value[name]) for name in ("path", "uri") if value.get(name)), "inline")
    digest = str(value.get("hash", ""))[:12]
    return f"{kind}({where}{f', {digest}' if digest else ''})"
