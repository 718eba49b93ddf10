"""What is sent as one object or part: bytes in memory, or a range of a source that is read as it goes out."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TypeAlias

PIECE = 1 << 20
"""Bytes that are in memory of a range on its way."""


class RangeBody(io.RawIOBase):
    """`size` bytes that `pieces` gives anew each time that it is called; a file for SDKs that want one.

    A piece may lie in memory that the next one is read into.
    """

    def __init__(self, size: int, pieces: Callable[[int], Iterator[memoryview]]) -> None:
        super().__init__()
        self._size, self._pieces = size, pieces
        self._position = 0
        self._coming: Iterator[memoryview] = iter(())
        self._rest = memoryview(b"")
        self.seek(0)

    def __len__(self) -> int:
        return self._size

    def pieces(self) -> Iterator[memoryview]:
        """Return all of it, piece by piece."""
        return self._pieces(0)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read again."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` with what comes next; 0 at the end."""
        if not self._rest:
            self._rest = next(self._coming, memoryview(b""))
        count = min(len(self._rest), len(buffer))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._position += count
        return count

    def tell(self) -> int:
        """Return where it is read next."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        self._coming, self._rest = self._pieces(self._position), memoryview(b"")
        return self._position


Body: TypeAlias = bytes | bytearray | memoryview | RangeBody


def in_memory(body: Body) -> bytes | bytearray | memoryview:
    """Return a body whole, for SDKs that take nothing else."""
    return body.read() or b"" if isinstance(body, RangeBody) else body


def as_sent(body: Body) -> memoryview | Iterator[memoryview]:
    """Return a body as it is in memory, or in pieces."""
    return memoryview(body) if isinstance(body, memoryview | bytes | bytearray) else body.pieces()
