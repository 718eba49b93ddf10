"""Who watches the bytes that this thread sends or receives: a meter that counts them and may hold them back."""

from __future__ import annotations

import threading
from typing import Protocol

PIECE = 1 << 20
"""Bytes that travel between two looks at the meter, and at what the other side says meanwhile."""


class Meter(Protocol):
    """What wants to know of each piece that is about to travel."""

    @property
    def piece(self) -> int:
        """Bytes of a piece at most."""
        ...

    def passing(self, count: int) -> None:
        """Be told of `count` bytes that travel next; may wait, and may raise to end the transfer."""
        ...


class _Unmetered:
    piece = PIECE

    def passing(self, count: int) -> None:
        """Let it pass."""


UNMETERED: Meter = _Unmetered()
"""For what is not counted: listings, and all that is small beside the bytes of objects."""


class _Current(threading.local):
    meter: Meter = UNMETERED


_current = _Current()


def meter() -> Meter:
    """Return the meter of this thread; one that does nothing where none was set."""
    return _current.meter


def set_meter(watching: Meter) -> None:
    """Have `watching` told of what this thread sends and receives from now on."""
    _current.meter = watching


def pass_at_once(count: int) -> None:
    """Tell the meter of bytes that an SDK sends, piece by piece and ahead of all: nobody sees them on their way."""
    watching = meter()
    while count > 0:
        watching.passing(min(count, watching.piece))
        count -= watching.piece
