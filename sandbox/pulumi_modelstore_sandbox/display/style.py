"""Symbols, colours and words of steps, those of the Pulumi CLI."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, Final

from pulumi_modelstore_sandbox.engine.events import Op

SYMBOLS: Final[dict[Op, str]] = {
    "same": "",
    "create": "+",
    "update": "~",
    "delete": "-",
    "replace": "+-",
    "create-replacement": "++",
    "delete-replaced": "--",
    "read": ">",
    "read-replacement": ">>",
    "refresh": "~",
    "discard": "<",
    "discard-replaced": "<<",
    "remove-pending-replace": "~",
    "import": "=",
    "import-replacement": "=>",
}

PARTS_OF_A_REPLACEMENT: Final[frozenset[Op]] = frozenset(
    {
        "create-replacement",
        "delete-replaced",
        "read-replacement",
        "discard-replaced",
        "remove-pending-replace",
        "import-replacement",
    }
)
"""Steps that a preview shows as one `replace`."""

NO_CHANGES: Final[frozenset[Op]] = frozenset({"same", "read", "read-replacement", "discard", "refresh"})
"""Steps that change nothing outside of the state."""

_BEGUN: Final[dict[Op, str]] = {
    "create": "creating",
    "update": "updating",
    "delete": "deleting",
    "replace": "replacing",
    "create-replacement": "creating replacement",
    "delete-replaced": "deleting original",
    "read": "reading",
    "read-replacement": "reading replacement",
    "refresh": "refreshing",
    "discard": "forgetting",
    "discard-replaced": "forgetting original",
    "remove-pending-replace": "completing replacement",
    "import": "importing",
    "import-replacement": "importing replacement",
}
_DONE: Final[dict[Op, str]] = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "create-replacement": "created replacement",
    "delete-replaced": "deleted original",
    "read": "read",
    "read-replacement": "read replacement",
    "refresh": "refreshed",
    "discard": "forgotten",
    "discard-replaced": "forgot original",
    "remove-pending-replace": "completed replacement",
    "import": "imported",
    "import-replacement": "imported replacement",
}

_GREEN, _YELLOW, _RED, _MAGENTA, _CYAN = "32", "33", "31", "35", "36"
_COLORS: Final[dict[str, str]] = {
    "+": _GREEN,
    "=": _GREEN,
    "~": _YELLOW,
    "-": _RED,
    "--": _RED,
    "<": _RED,
    "<<": _RED,
    "+-": _MAGENTA,
    "=>": _MAGENTA,
    "++": _GREEN,
    ">": _CYAN,
    ">>": _CYAN,
}


def begun(op: Op) -> str:
    """Return the word for a step that is being taken."""
    return _BEGUN.get(op, op)


def done(op: Op) -> str:
    """Return the word for a step that has been taken."""
    return _DONE.get(op, op)


@dataclass(frozen=True)
class Style:
    """Writes text in colours, or plain."""

    colors: bool = False

    @classmethod
    def of(cls, stream: IO[str]) -> Style:
        """Use colours on a terminal, unless NO_COLOR is set (no-color.org)."""
        return cls(stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")

    def symbol(self, symbol: str, text: str) -> str:
        """Colour a text as its symbol (`+`, `~`, `+-` ...) asks for."""
        return self._in(_COLORS.get(symbol, ""), text)

    def bold(self, text: str) -> str:
        """Emphasize."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """Put in the background."""
        return self._in("2", text)

    def error(self, text: str) -> str:
        """Mark as an error."""
        return self._in("1;31", text)

    def warning(self, text: str) -> str:
        """Mark as a warning."""
        return self._in("33", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colors and code and text else text
