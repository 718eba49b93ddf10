"""Reads a file from its beginning to its end for several threads, from a server that knows no ranges.

A reader waits until the readers before it have had their bytes. What nobody asks for is passed over after a while, and
who asks for what has gone by has the file read from its beginning again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.artifacts.sources.web_answers import changed, cut_off, extent, fill
from pulumi_modelstore_provider.time_limits import time_limits

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_PATIENCE_SECONDS = 5.0
"""How long a reader waits, while nothing moves, for somebody who wants the bytes before its own."""

_SKIPPED_AT_ONCE = 1 << 20


class OnePass:
    """One answer after another to a request for the whole file of `size` bytes; `ask` sends it."""

    def __init__(self, ask: Callable[[], BaseHTTPResponse], name: str, size: int) -> None:
        self._ask, self._name, self._size = ask, name, size
        self._turn = threading.Condition()
        self._reading = False
        self._position = 0
        self._answer: BaseHTTPResponse | None = None
        self._left = time_limits().attempts

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill all of `buffer` from `offset` on. Raises SourceChanged where the file ends before, StoreUnreachable."""
        self._await_turn(offset)
        try:
            self._read(offset, buffer)
        finally:
            with self._turn:
                self._reading = False
                self._turn.notify_all()

    def close(self) -> None:
        """Hang up."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _await_turn(self, offset: int) -> None:
        with self._turn:
            while True:
                before = self._position
                if not self._reading and before >= offset:
                    break
                moved = self._turn.wait(_PATIENCE_SECONDS)
                if not moved and not self._reading and self._position == before:
                    break
            self._reading = True

    def _read(self, offset: int, buffer: memoryview) -> None:
        skipped = memoryview(bytearray(min(_SKIPPED_AT_ONCE, self._size)))
        start = offset
        while buffer:
            answer = self._begun() if self._answer is None or self._position > start else self._answer
            if self._position < start:
                room = skipped[: start - self._position]
                count = fill(answer, room)
            else:
                room = buffer
                count = fill(answer, room)
                start, buffer = start + count, buffer[count:]
            self._position += count
            if count < len(room):
                self._broken_off()

    def _begun(self) -> BaseHTTPResponse:
        self.close()
        answer = self._ask()
        self._answer, self._position = answer, 0
        size = extent(answer).size
        if size is not None and size != self._size:
            raise changed(self._name, f"it has {size} bytes, and had {self._size}")
        return answer

    def _broken_off(self) -> None:
        self.close()
        self._left -= 1
        if self._left <= 0:
            raise cut_off(self._name, ", and the server knows no ranges, by which to go on where an answer broke off")
