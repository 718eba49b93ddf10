"""Files on this machine, as an upload reads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple, Self

from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache, FileIdentity, same_file
from pulumi_modelstore_provider.artifacts.part_sum_cache import PartSumCache
from pulumi_modelstore_provider.errors import ModelstoreError, SourceChanged

_DISK = "Check the disk or the network file system that it lies on, then run again: what is sent is kept"
_WAIT = "Wait until it is written, then run again: the new content becomes a new version"


class LocalFile(NamedTuple):
    """The file at `name`, a real path."""

    name: str
    is_local: bool = True

    def open(self, entry: FileEntry) -> _OpenFile:
        """Open it. Raises SourceChanged when it is gone, unreadable or of another size."""
        try:
            descriptor = os.open(self.name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SourceChanged(
                f"The source file cannot be read any more: {error.strerror}",
                on=self.name,
                remedy="Put it back or choose another source, then run again",
            ) from None
        opened = _OpenFile(descriptor, self.name)
        if opened.size != entry.size:
            opened.close()
            what = "The source file has another size than when the program ran"
            raise SourceChanged(what, on=self.name, remedy=_WAIT)
        return opened

    def forget(self) -> None:
        """Have the next run read the file."""
        DigestCache().forget(self.name)
        PartSumCache().forget(self.name)


class _OpenFile:
    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor, self._path = descriptor, path
        self._before = os.fstat(descriptor)
        self.size = self._before.st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)

    def read_into(self, offset: int, buffer: memoryview) -> None:
        while buffer:
            try:
                count = os.preadv(self._descriptor, [buffer], offset)
            except OSError as error:
                raise ModelstoreError(
                    "The source file cannot be read", on=self._path, answer=error.strerror or str(error), remedy=_DISK
                ) from None
            if not count:
                raise self._changed("it is shorter than it was")
            offset, buffer = offset + count, buffer[count:]

    def recorded(self, digest: str) -> Sequence[int]:
        return PartSumCache().lookup(FileIdentity.of(self._path, self._before), digest)

    def check(self) -> None:
        if not same_file(os.fstat(self._descriptor), self._before):
            raise self._changed("it was written to while it was read")

    def _changed(self, what: str) -> SourceChanged:
        return SourceChanged(f"The source file changed during the upload: {what}", on=self._path, remedy=_WAIT)
