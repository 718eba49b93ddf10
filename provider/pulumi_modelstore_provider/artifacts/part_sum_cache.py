"""Remembers the CRC32 of each part of a large file beside its digest, so that an upload need not digest it again.

The digest is computed at preview, of bytes that are summed up at the same time. An upload that reads the same sums from
a file of the same identity has read what was digested.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Mapping, Sequence

from pulumi_modelstore_provider.artifacts.digest_cache import SAME_FILE, DigestCache, FileIdentity
from pulumi_modelstore_provider.artifacts.parts import plan_parts

_TABLE = """CREATE TABLE IF NOT EXISTS part_sums (
    realpath BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, digest TEXT, crc32s BLOB
) WITHOUT ROWID"""


class PartSumCache:
    """A table beside the digests, with their rules: never wrong, never failing, empty where it cannot be read."""

    def __init__(self, cache: DigestCache | None = None) -> None:
        self._cache = cache if cache is not None else DigestCache()

    def lookup(self, file: FileIdentity, digest: str) -> Sequence[int]:
        """Return the CRC32s of the file's parts, as `plan_parts` cuts it; empty where they are not known."""

        def select(database: sqlite3.Connection) -> bytes:
            database.execute(_TABLE)
            row = database.execute(
                f"SELECT crc32s FROM part_sums WHERE {SAME_FILE} AND digest = ?",  # noqa: S608 - a constant
                (*file.columns, digest),
            ).fetchone()
            return row[0] if row is not None and isinstance(row[0], bytes) else b""

        found = self._cache.run(select) or b""
        count = plan_parts(file.size).count
        return struct.unpack(f"<{count}I", found) if len(found) == 4 * count else ()

    def record(self, sums: Mapping[FileIdentity, tuple[str, Sequence[int]]], *, looked_at_ns: int) -> None:
        """Remember digest and sums of files, as `DigestCache.record` does it."""
        rows = [
            (*file.columns, digest, _packed(crc32s))
            for file, (digest, crc32s) in sums.items()
            if file.was_settled(looked_at_ns)
        ]

        def insert(database: sqlite3.Connection) -> None:
            database.execute(_TABLE)
            database.executemany("INSERT OR REPLACE INTO part_sums VALUES (?,?,?,?,?,?,?)", rows)

        if rows:
            self._cache.run(insert)

    def forget(self, realpath: str) -> None:
        """Drop what is known of one file."""

        def delete(database: sqlite3.Connection) -> None:
            database.execute(_TABLE)
            database.execute("DELETE FROM part_sums WHERE realpath = ?", (os.fsencode(realpath),))

        self._cache.run(delete)


def _packed(crc32s: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(crc32s)}I", *crc32s)
