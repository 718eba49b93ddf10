"""Reads a source file part by part, once and in order, and notices when it is not what its digest says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from pulumi_modelstore_provider.artifacts.checksums import PartSum, sum_of
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache, FileIdentity
from pulumi_modelstore_provider.artifacts.digests import SourceFile
from pulumi_modelstore_provider.artifacts.parts import Part, PartPlan
from pulumi_modelstore_provider.errors import SourceChanged
from pulumi_modelstore_provider.stores.protocol import SumKind


class OpenSource:
    """An open source file, to be read from the first part to the last and then checked."""

    def __init__(self, descriptor: int, source: SourceFile, entry: FileEntry) -> None:
        self._descriptor, self._source, self._entry = descriptor, source, entry
        self._whole = hashlib.sha256()
        self._before = self._identity()

    def read(self, part: Part) -> bytes:
        """Return a part's bytes. Raises SourceChanged when the file has become shorter."""
        pieces = []
        offset, left = part.offset, part.size
        while left:
            piece = os.pread(self._descriptor, left, offset)
            if not piece:
                raise self._changed("it is shorter than it was")
            pieces.append(piece)
            offset, left = offset + len(piece), left - len(piece)
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._whole.update(body)
        return body

    def check(self) -> None:
        """Raise SourceChanged unless what was read is what the digest says, and the file is still the same."""
        if f"sha256:{self._whole.hexdigest()}" != self._entry.digest:
            # The cache may be what is wrong: the next run reads the file.
            DigestCache().forget(self._source.realpath)
            raise self._changed("what was read has another digest than the file had when the program ran")
        if self._identity() != self._before:
            raise self._changed("it was written to while it was read")

    def _identity(self) -> FileIdentity:
        return FileIdentity.of(self._source.realpath, os.fstat(self._descriptor))

    def _changed(self, what: str) -> SourceChanged:
        return SourceChanged(
            f"The source file changed during the upload: {what}",
            on=self._source.realpath,
            remedy="Wait until it is written, then run again: the new content becomes a new version",
        )


@contextmanager
def opened(source: SourceFile, entry: FileEntry) -> Iterator[OpenSource]:
    """Open a source file for reading. Raises SourceChanged when it is gone, unreadable or of another size."""
    try:
        descriptor = os.open(source.realpath, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise SourceChanged(
            f"The source file cannot be read any more: {error.strerror}",
            on=source.realpath,
            remedy="Put it back or choose another source, then run again",
        ) from None
    try:
        file = OpenSource(descriptor, source, entry)
        if os.fstat(descriptor).st_size != entry.size:
            raise SourceChanged(
                "The source file has another size than when the program ran",
                on=source.realpath,
                remedy="Wait until it is written, then run again: the new content becomes a new version",
            )
        yield file
    finally:
        os.close(descriptor)


def local_sums(source: SourceFile, entry: FileEntry, plan: PartPlan, wanted: Collection[SumKind]) -> list[PartSum]:
    """Read a whole file for its parts' sums, one part in memory at a time. Raises SourceChanged as `opened` does."""
    with opened(source, entry) as file:
        sums = [sum_of(file.read(part), wanted) for part in plan]
        file.check()
    return sums
