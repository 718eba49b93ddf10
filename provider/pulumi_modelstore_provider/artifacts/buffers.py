"""Memory that parts are read into, used again and again: fresh memory costs more than the copy into it."""

from __future__ import annotations

import contextlib
import mmap
import threading

_LOOK_UP_SECONDS = 0.2


class Buffers:
    """At most `count` buffers of `size` bytes, made as they are needed; threads may share them."""

    def __init__(self, count: int, size: int, *, stopped: threading.Event) -> None:
        self.count, self.size = count, size
        self._stopped = stopped
        self._made = 0
        self._free: list[memoryview] = []
        self._changed = threading.Condition()

    def take(self) -> memoryview | None:
        """Return a buffer, whatever is in it, as soon as one is free; None when the transfer has stopped."""
        with self._changed:
            while not self._stopped.is_set():
                if self._free:
                    return self._free.pop()
                if self._made < self.count:
                    self._made += 1
                    return _new(self.size)
                self._changed.wait(_LOOK_UP_SECONDS)
        return None

    def give_back(self, buffer: memoryview) -> None:
        """Let others have it."""
        with self._changed:
            self._free.append(buffer)
            self._changed.notify()


class Scratch:
    """One buffer of a thread, as large as the largest thing that was in it."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(1 << 16))

    def of(self, size: int) -> memoryview:
        """Return `size` bytes of it; what was there before is gone."""
        if size > len(self._buffer):
            self._buffer = _new(size)
        return self._buffer[:size]


def _new(size: int) -> memoryview:
    memory = mmap.mmap(-1, size)
    # Large pages take a quarter off the copy; not each system has them.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)
