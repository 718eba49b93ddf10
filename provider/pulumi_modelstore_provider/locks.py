"""One writer at a time within this process, for what a store has read, changed and written back as a whole."""

from __future__ import annotations

import threading

_guard = threading.Lock()
_locks: dict[str, threading.Lock] = {}


def lock_of(what: str) -> threading.Lock:
    """Return the lock of one user or one bucket's policy, named as messages name it."""
    with _guard:
        return _locks.setdefault(what, threading.Lock())
