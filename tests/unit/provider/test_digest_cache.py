"""The digest cache: what it finds again, what it never trusts, and that it never stands in the way."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_modelstore_provider.artifacts import digests
from pulumi_modelstore_provider.artifacts.digest_cache import COARSEST_TICK_NS, DigestCache, FileIdentity, cache_home
from pulumi_modelstore_provider.artifacts.digests import SourceFile, digest_files

OTHER = "sha256:" + "0" * 64


def later() -> int:
    """A clock by which every file was written long ago."""
    return time.time_ns() + 10 * COARSEST_TICK_NS


@pytest.fixture
def file(tmp_path: Path) -> SourceFile:
    path = tmp_path / "weights"
    path.write_bytes(b"first")
    return SourceFile("weights", str(path), 5)


@pytest.fixture
def cache(tmp_path: Path) -> DigestCache:
    return DigestCache(tmp_path / "cache" / "digests.sqlite", clock_ns=later)


def sha256(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def identity(file: SourceFile) -> FileIdentity:
    return FileIdentity.of(file.realpath, Path(file.realpath).stat())


def no_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(digests.os, "open", refuse)


def test_second_look_reads_no_byte(file: SourceFile, cache: DigestCache, monkeypatch: pytest.MonkeyPatch) -> None:
    assert digest_files([file], cache) == ({"weights": sha256(b"first")}, [])
    no_reads(monkeypatch)
    assert digest_files([file], cache) == ({"weights": sha256(b"first")}, [])


def test_file_that_has_just_changed_is_not_remembered(file: SourceFile, tmp_path: Path) -> None:
    cache = DigestCache(tmp_path / "digests.sqlite")
    digest_files([file], cache)
    assert cache.lookup([identity(file)]) == {}


def test_entry_at_the_edge_of_the_tick(file: SourceFile, cache: DigestCache) -> None:
    known = identity(file)
    newest = max(known.mtime_ns, known.ctime_ns)
    cache.record({known: OTHER}, looked_at_ns=newest + COARSEST_TICK_NS)
    assert cache.lookup([known]) == {}
    cache.record({known: OTHER}, looked_at_ns=newest + COARSEST_TICK_NS + 1)
    assert cache.lookup([known]) == {known: OTHER}


def rewritten(path: Path) -> None:
    path.write_bytes(b"other")


def rewritten_with_the_old_time(path: Path) -> None:
    status = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(path: Path) -> None:
    status = path.stat()
    path.with_name("new").write_bytes(b"other")
    os.utime(path.with_name("new"), ns=(status.st_atime_ns, status.st_mtime_ns))
    path.with_name("new").replace(path)


@pytest.mark.parametrize("change", [rewritten, rewritten_with_the_old_time, replaced])
def test_change_of_the_same_size_is_seen(file: SourceFile, cache: DigestCache, change: Callable[[Path], None]) -> None:
    digest_files([file], cache)
    change(Path(file.realpath))
    assert digest_files([file], cache) == ({"weights": sha256(b"other")}, [])


def test_touched_file_is_read_again(file: SourceFile, cache: DigestCache) -> None:
    digest_files([file], cache)
    cache.record({identity(file): OTHER}, looked_at_ns=later())
    os.utime(file.realpath, ns=(1, 1))
    assert digest_files([file], cache)[0] == {"weights": sha256(b"first")}


def test_forgotten_file_is_read_again(file: SourceFile, cache: DigestCache) -> None:
    cache.record({identity(file): OTHER}, looked_at_ns=later())
    cache.forget(file.realpath)
    assert cache.lookup([identity(file)]) == {}


@pytest.mark.parametrize("damage", [b"", b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_damaged_cache_is_made_anew(file: SourceFile, cache: DigestCache, damage: bytes) -> None:
    digest_files([file], cache)
    cache.path.write_bytes(damage)
    assert digest_files([file], cache) == ({"weights": sha256(b"first")}, [])
    assert cache.lookup([identity(file)]) == {identity(file): sha256(b"first")}


def test_nonsense_in_the_cache_is_not_believed(file: SourceFile, cache: DigestCache) -> None:
    digest_files([file], cache)
    with sqlite3.connect(cache.path) as database:
        database.execute("UPDATE digests SET digest = 'sha256:short'")
    assert digest_files([file], cache)[0] == {"weights": sha256(b"first")}


def test_cache_that_cannot_be_written_is_done_without(file: SourceFile, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    cache = DigestCache(tmp_path / "blocked" / "digests.sqlite", clock_ns=later)
    assert digest_files([file], cache) == ({"weights": sha256(b"first")}, [])


def test_home_of_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELSTORE_CACHE_HOME", str(tmp_path))
    assert cache_home() == tmp_path
    monkeypatch.delenv("MODELSTORE_CACHE_HOME")
    assert cache_home() == Path.home() / ".cache" / "pulumi-modelstore"


WRITER = """
import sys
from pathlib import Path
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache, FileIdentity
cache = DigestCache(Path(sys.argv[1]))
for number in range(50):
    known = FileIdentity(f"/{sys.argv[2]}/{number}".encode(), 1, 1, 1, (1 << 64) - 1)
    cache.record({known: "sha256:" + "0" * 64}, looked_at_ns=1 << 62)
"""


def test_processes_at_once_lose_nothing(cache: DigestCache) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(cache.path), str(n)]) for n in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    known = [FileIdentity(f"/{n}/{i}".encode(), 1, 1, 1, (1 << 64) - 1) for n in range(3) for i in range(50)]
    assert len(cache.lookup(known)) == 150
