"""Keeps secret values out of every text that leaves the engine, wherever the text comes from."""

from __future__ import annotations

import re
import threading
from typing import Final

from pulumi_modelstore_sandbox.engine.values import Secret, Value

SHORTEST: Final = 4
"""Characters; a shorter text cannot be told from ordinary ones."""
REPLACEMENT: Final = "[secret]"


class Redaction:
    """The secret texts met so far."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def learn(self, value: Value) -> None:
        """Remember every text within a secret, at any depth."""
        found = {text for text in _secret_texts(value, inside=False) if len(text) >= SHORTEST}
        with self._lock:
            if not found <= self._texts:
                self._texts |= found
                self._pattern = None

    def clean(self, text: str) -> str:
        """Return a text without the secrets."""
        with self._lock:
            if self._pattern is None and self._texts:
                longest_first = sorted(self._texts, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(re.escape, longest_first)))
            pattern = self._pattern
        return pattern.sub(REPLACEMENT, text) if pattern else text


def _secret_texts(value: Value, *, inside: bool) -> set[str]:
    match value:
        case Secret(inner):
            return _secret_texts(inner, inside=True)
        case str() if inside:
            # A text of several lines may be quoted line by line, and escaped.
            return {value, *value.splitlines(), value.encode("unicode_escape").decode("ascii")}
        case list():
            return set().union(*(_secret_texts(item, inside=inside) for item in value))
        case dict():
            return set().union(*(_secret_texts(item, inside=inside) for item in value.values()))
        case _:
            return set()
