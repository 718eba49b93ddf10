"""What an upload asks of the place that a file comes from: its bytes, any range of them, by several threads at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from pulumi_modelstore_provider.artifacts.content import FileEntry


class OpenBytes(Protocol):
    """The bytes of one file while it is open."""

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill all of `buffer` with what lies at `offset`; threads may call it at once.

        Raises SourceChanged when the file is shorter or another one by now, and what the place answers.
        """
        ...

    def recorded(self, digest: str) -> Sequence[int]:
        """Return the CRC32 of each part as it was when `digest` was computed of this file, unchanged since.

        Empty where that is not known: the file is then digested as it is read.
        """
        ...

    def check(self) -> None:
        """Raise SourceChanged when the file is not the one any more that was opened."""
        ...


class ByteSource(Protocol):
    """One file of an artifact before it is in the store: a file on this machine, or an object somewhere else."""

    @property
    def name(self) -> str:
        """How messages name it."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether its bytes cost nothing to read again."""
        ...

    def open(self, entry: FileEntry) -> AbstractContextManager[OpenBytes]:
        """Open it for reading. Raises SourceChanged when it is gone, not to be read, or of another size."""
        ...

    def forget(self) -> None:
        """Drop what is remembered of its digest: it has proved wrong."""
        ...
