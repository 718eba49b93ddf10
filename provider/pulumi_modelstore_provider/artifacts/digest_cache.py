"""Remembers digests of files, so that a preview reads a file once and not at each run.

An entry is found again only by the same real path, size, modification and change time and inode. A file that changed
just before it was read is not remembered at all: a second change within the same tick of the file system's clock would
look like no change (git's racy rule).
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

COARSEST_TICK_NS = 2_000_000_000
"""Two seconds: the coarsest time stamps in use (FAT; NFS and others have one second or less)."""

_LOCK_WAIT_SECONDS = 5.0
_ASKED_AT_ONCE = 500
"""Files of one query: each costs a question mark, of which some builds of SQLite take 999."""

_T = TypeVar("_T")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
SAME_FILE = "realpath = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ? AND inode = ?"
"""Condition for `FileIdentity.columns`."""

_TABLE = """CREATE TABLE IF NOT EXISTS digests (
    realpath BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, digest TEXT
) WITHOUT ROWID"""


class FileIdentity(NamedTuple):
    """What tells whether a file is still the one whose digest is known. Times in nanoseconds since the epoch."""

    realpath: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, realpath: str, status: os.stat_result) -> FileIdentity:
        """Return the identity of the file at `realpath`, whose links are resolved, from its stat."""
        return cls(os.fsencode(realpath), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    @property
    def columns(self) -> tuple[bytes, int, int, int, int]:
        """It as SQLite keeps it, whose integers are signed: some file systems number inodes beyond that."""
        inode = self.inode - (1 << 64) if self.inode >= 1 << 63 else self.inode
        return self.realpath, self.size, self.mtime_ns, self.ctime_ns, inode

    def was_settled(self, looked_at_ns: int) -> bool:
        """Tell whether the file was last changed well before that moment, so that a later change is seen."""
        return max(self.mtime_ns, self.ctime_ns) < looked_at_ns - COARSEST_TICK_NS


def same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Tell whether two looks at one path have seen the same file, unchanged, without making identities of them."""
    return (
        one.st_mtime_ns == other.st_mtime_ns
        and one.st_size == other.st_size
        and one.st_ctime_ns == other.st_ctime_ns
        and one.st_ino == other.st_ino
    )


def cache_home() -> Path:
    """Return `MODELSTORE_CACHE_HOME`, or `~/.cache/pulumi-modelstore`."""
    return Path(os.environ.get("MODELSTORE_CACHE_HOME") or Path.home() / ".cache" / "pulumi-modelstore")


class DigestCache:
    """The digests in one SQLite file, safe for several processes at once.

    It never fails: a file that is damaged is made anew, and one that cannot be read or written is as good as empty.
    """

    def __init__(self, path: Path | None = None, *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self.path = path if path is not None else cache_home() / "digests.sqlite"
        self._clock_ns = clock_ns

    def now_ns(self) -> int:
        """Return the time to hand to `record`; take it before the files are looked at."""
        return self._clock_ns()

    def lookup(self, files: Iterable[FileIdentity]) -> dict[FileIdentity, str]:
        """Return the digests (`sha256:<hex>`) of those files that are known and unchanged. Reads no file."""

        def select(database: sqlite3.Connection) -> dict[FileIdentity, str]:
            found: dict[FileIdentity, str] = {}
            for start in range(0, len(wanted), _ASKED_AT_ONCE):
                some = wanted[start : start + _ASKED_AT_ONCE]
                places = ",".join("?" * len(some))
                rows = database.execute(
                    f"SELECT * FROM digests WHERE realpath IN ({places})",  # noqa: S608 - question marks
                    [file.realpath for file in some],
                )
                known = {row[:5]: row[5] for row in rows}
                for file in some:
                    digest = known.get(file.columns)
                    if isinstance(digest, str) and _DIGEST.fullmatch(digest):
                        found[file] = digest
            return found

        wanted = list(files)
        return self.run(select) or {}

    def record(self, digests: Mapping[FileIdentity, str], *, looked_at_ns: int) -> None:
        """Remember digests of files looked at after `looked_at_ns`, except of those that changed just before it."""
        rows = [(*file.columns, digest) for file, digest in digests.items() if file.was_settled(looked_at_ns)]
        if rows:
            self.run(lambda database: database.executemany("INSERT OR REPLACE INTO digests VALUES (?,?,?,?,?,?)", rows))

    def forget(self, realpath: str) -> None:
        """Drop what is known of one file: it was found to be something else."""
        self.run(lambda database: database.execute("DELETE FROM digests WHERE realpath = ?", (os.fsencode(realpath),)))

    def run(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Return what `work` makes of the open file; None where that cannot be read or written."""
        for attempt in (1, 2):
            try:
                with self._open() as database:
                    return work(database)
            except sqlite3.OperationalError:
                # Locked for long, or a folder that cannot be written: do without.
                return None
            except sqlite3.DatabaseError:
                if attempt == 1:
                    self._discard()
            except OSError:
                return None
        return None

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = sqlite3.connect(self.path, timeout=_LOCK_WAIT_SECONDS)
        try:
            # A digest lost with the power is computed again: no need to wait for the disk.
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_TABLE)
            with database:
                yield database
        finally:
            database.close()

    def _discard(self) -> None:
        for path in (self.path, self.path.with_name(f"{self.path.name}-journal")):
            path.unlink(missing_ok=True)
