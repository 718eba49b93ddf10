"""Reads a source once, in order, and compares what was read with its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource, OpenBytes
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.parts import Part, PartPlan
from pulumi_modelstore_provider.errors import SourceChanged
from pulumi_modelstore_provider.stores.part_sums import PartSum, sum_of
from pulumi_modelstore_provider.stores.protocol import SumKind


class OpenSource:
    """An open source, to be read from the first part to the last and then checked."""

    def __init__(self, opened: OpenBytes, source: ByteSource, entry: FileEntry) -> None:
        self._opened, self._source, self._entry = opened, source, entry
        self._whole = hashlib.sha256()

    def read(self, part: Part) -> bytes:
        """Return a part's bytes. Raises SourceChanged when the file has become shorter."""
        body = bytearray(part.size)
        self._opened.read_into(part.offset, memoryview(body))
        self._whole.update(body)
        return bytes(body)

    def check(self) -> None:
        """Raise SourceChanged unless what was read is what the digest says, and the file is still the same."""
        if f"sha256:{self._whole.hexdigest()}" != self._entry.digest:
            # The cache may be what is wrong.
            self._source.forget()
            raise SourceChanged(
                "The source file changed during the upload: what was read has another digest than the file had when "
                "the program ran",
                on=self._source.name,
                remedy="Wait until it is written, then run again: the new content becomes a new version",
            )
        self._opened.check()


@contextmanager
def opened(source: ByteSource, entry: FileEntry) -> Iterator[OpenSource]:
    """Open a source for reading. Raises SourceChanged when it is gone, unreadable or of another size."""
    with source.open(entry) as found:
        yield OpenSource(found, source, entry)


def local_sums(source: ByteSource, entry: FileEntry, plan: PartPlan, wanted: Collection[SumKind]) -> list[PartSum]:
    """Read a whole file for its parts' sums, one part in memory at a time. Raises SourceChanged as `opened` does."""
    with opened(source, entry) as file:
        sums = [sum_of(file.read(part), wanted) for part in plan]
        file.check()
    return sums
