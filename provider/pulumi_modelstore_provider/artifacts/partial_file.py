"""A file that is being downloaded: its bytes beside its final place, and a journal of the parts that are in.

The names of both say which file of which content they are for, so that another version never takes them over. A part is
noted after its bytes are written: whatever ends the process in between costs that part. What the power took is found
by the file's digest.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.parts import Part, PartPlan
from pulumi_modelstore_provider.errors import ModelstoreError

PREFIX = ".modelstore-"
PART_SUFFIX = ".part"
JOURNAL_SUFFIX = ".journal"

_IN = b"\1"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def on_disk(path: Path | str) -> Iterator[None]:
    """Raise a ModelstoreError for what the file system refuses inside."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            remedy = "Make room, then run again: the parts that are in are kept"
        elif error.errno in _NOT_ALLOWED:
            remedy = "Choose a folder that you may write to"
        else:
            remedy = "Check the folder and its disk, then run again: the parts that are in are kept"
        raise ModelstoreError(
            "The file cannot be written", on=str(path), answer=error.strerror or str(error), remedy=remedy
        ) from None


def part_name(entry: FileEntry) -> str:
    """Return under what name, beside its own, the bytes of a file lie until it is whole."""
    mark = hashlib.sha256(f"{entry.path}\0{entry.digest}\0{entry.size}".encode()).hexdigest()[:16]
    return f"{PREFIX}{mark}{PART_SUFFIX}"


class PartialFile:
    """One file on its way to `target`. Threads may write its parts at once."""

    def __init__(self, target: Path, entry: FileEntry, plan: PartPlan) -> None:
        self.target, self.entry, self.plan = target, entry, plan
        self._part = target.with_name(part_name(entry))
        self._journal = self._part.with_suffix(JOURNAL_SUFFIX)
        self._bytes = self._notes = -1
        self._found = b""

    def open(self) -> None:
        """Open what an earlier run has left, or begin. Raises ModelstoreError where nothing can be written."""
        with on_disk(self.target):
            self.target.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._bytes = os.open(self._part, flags, 0o666)
            self._notes = os.open(self._journal, flags, 0o666)
            # A part that is beyond the file's end was never written, whatever the journal says.
            whole = os.fstat(self._bytes).st_size == self.plan.size
            self._found = os.pread(self._notes, self.plan.count, 0) if whole else b""
            if not whole:
                os.ftruncate(self._notes, 0)
                os.ftruncate(self._bytes, self.plan.size)

    def has(self, part: Part) -> bool:
        """Tell whether an earlier run has left this part."""
        return self._found[part.number - 1 : part.number] == _IN

    def read(self, part: Part, body: memoryview) -> None:
        """Fill `body` with a part that an earlier run has left."""
        with on_disk(self.target):
            offset = part.offset
            while body:
                count = os.preadv(self._bytes, [body], offset)
                if not count:
                    raise OSError(errno.EIO, "the file has become shorter")
                offset, body = offset + count, body[count:]

    def write(self, part: Part, body: memoryview) -> None:
        """Write a part, and then note it."""
        with on_disk(self.target):
            offset = part.offset
            while body:
                count = os.pwrite(self._bytes, body, offset)
                offset, body = offset + count, body[count:]
            os.pwrite(self._notes, _IN, part.number - 1)

    def finish(self) -> None:
        """Give the file its name, with its bytes on the disk first."""
        with on_disk(self.target):
            os.fsync(self._bytes)
            self.close()
            self._part.replace(self.target)
            self._journal.unlink(missing_ok=True)

    def discard(self) -> None:
        """Throw all of it away."""
        self.close()
        with on_disk(self.target):
            self._part.unlink(missing_ok=True)
            self._journal.unlink(missing_ok=True)

    def close(self) -> None:
        """Close it, and keep what is in."""
        for descriptor in (self._bytes, self._notes):
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        self._bytes = self._notes = -1
