"""Reads a source from its beginning to its end, and compares what was read with its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource, OpenBytes
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.parts import MIB, Part, PartPlan
from pulumi_modelstore_provider.errors import SourceChanged
from pulumi_modelstore_provider.stores.part_sums import PartSum, RunningSum, SumKind


def check_digest(digest: str, opened: OpenBytes, source: ByteSource, entry: FileEntry) -> None:
    """Raise SourceChanged unless `digest`, of what was read, is the entry's, and the file is still the same."""
    if digest != entry.digest:
        # The cache may be what is wrong.
        source.forget()
        raise SourceChanged(
            "The source file changed during the upload: what was read has another digest than the file had when "
            "the program ran",
            on=source.name,
            remedy="Wait until it is written, then run again: the new content becomes a new version",
        )
    opened.check()


def pieces_of(opened: OpenBytes, part: Part) -> Iterator[memoryview]:
    """Read a part piece by piece, each into the memory of the one before."""
    buffer = memoryview(bytearray(min(MIB, part.size)))
    for offset in range(0, part.size, MIB):
        piece = buffer[: min(MIB, part.size - offset)]
        opened.read_into(part.offset + offset, piece)
        yield piece


def local_sums(source: ByteSource, entry: FileEntry, plan: PartPlan, wanted: Collection[SumKind]) -> list[PartSum]:
    """Return the sums of a file's parts, read a piece at a time unless they are recorded.

    Raises SourceChanged where it has changed.
    """
    whole = hashlib.sha256()
    sums: list[PartSum] = []
    with source.open(entry) as opened:
        recorded = () if wanted else opened.recorded(entry.digest)
        if recorded:
            return [PartSum(part.size, crc32) for part, crc32 in zip(plan, recorded, strict=True)]
        for part in plan:
            running = RunningSum(wanted)
            for piece in pieces_of(opened, part):
                whole.update(piece)
                running.add(piece)
            sums.append(running.total())
        check_digest(f"sha256:{whole.hexdigest()}", opened, source, entry)
    return sums
