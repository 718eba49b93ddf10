"""The data of a Secret: declared as `data` and `stringData`, kept by a cluster as `data` alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from pulumi_modelstore_provider.errors import keep_out_of_texts
from pulumi_modelstore_sandbox.cluster.difference import Change
from pulumi_modelstore_sandbox.cluster.properties import UNKNOWN, Object, Path, leaves

SECRET_FIELDS: Final = frozenset[Path]({("data",), ("stringData",)})


def as_stored(declared: Object) -> Object:
    """Return a Secret as a cluster keeps it: `stringData` encoded into `data`.

    Sent in this form because a server that is sent `stringData` forgets who owns its keys, and then keeps those that a
    later apply leaves out.
    """
    if "stringData" not in declared:
        return declared
    stored = {key: value for key, value in declared.items() if key != "stringData"}
    text = declared["stringData"]
    data = declared.get("data", {})
    stored["data"] = UNKNOWN if UNKNOWN in (text, data) else {**data, **{k: _encoded(v) for k, v in text.items()}}
    return stored


def as_declared(stored: Object, declared: Object) -> Object:
    """Return a stored Secret with those keys under `stringData` that `declared` has there."""
    text_keys = declared.get("stringData")
    if not isinstance(text_keys, dict):
        return stored
    data = stored.get("data") or {}
    text = {key: _decoded(data[key]) for key in text_keys if key in data}
    rest = {key: value for key, value in data.items() if key not in text}
    shaped = {key: value for key, value in stored.items() if key != "data"}
    return shaped | ({"data": rest} if rest else {}) | {"stringData": text}


def with_declared_text(stored: Object, declared: Object) -> Object:
    """Return a stored Secret with `stringData` beside `data`, for programs that read it back."""
    shaped = as_declared(stored, declared)
    return stored if shaped is stored else {**stored, "stringData": shaped["stringData"]}


def under_declared_fields(change: Change, old: Object, new: Object) -> Change:
    """Name a changed key of `data` by the field that declares it."""
    if change.path[:1] != ("data",) or len(change.path) == 1:
        return change
    key = change.path[1]
    declared_as_text = any(key in (side.get("stringData") or {}) for side in (new, old))
    if not declared_as_text or key in (new.get("data") or {}):
        return change
    return Change(("stringData", *change.path[1:]), change.kind)


def keep_hidden(secret: Object) -> None:
    """Make every later error leave out the Secret's values, in clear and encoded."""
    for path, leaf in leaves({field: secret.get(field) for field in ("data", "stringData")}):
        if isinstance(leaf, str) and leaf != UNKNOWN:
            keep_out_of_texts(leaf)
            keep_out_of_texts(_encoded(leaf) if path[0] == "stringData" else _decoded(leaf))


def undecodable(secret: Object) -> Iterator[Path]:
    """Paths of the values of `data` that are not base64."""
    for path, leaf in leaves({"data": secret.get("data") or {}}):
        if isinstance(leaf, str) and leaf != UNKNOWN:
            try:
                base64.b64decode(leaf, validate=True)
            except (binascii.Error, ValueError):
                yield path


def _encoded(text: Any) -> str:
    return UNKNOWN if text == UNKNOWN else base64.b64encode(str(text).encode()).decode()


def _decoded(data: Any) -> str:
    try:
        return base64.b64decode(str(data), validate=True).decode()
    except (binascii.Error, ValueError):
        return str(data)
