"""Large files whose digest was computed before: an upload compares what it reads with the sums of that time."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provider.recording_proxy import RecordingProxy, recording_proxy
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts import part_stream, reading, transfer
from pulumi_modelstore_provider.artifacts.digest_cache import COARSEST_TICK_NS, DigestCache, FileIdentity
from pulumi_modelstore_provider.artifacts.digests import SourceFile, digest_files
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.part_sum_cache import PartSumCache
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import SourceChanged

SIZES = [16 * MIB, 16 * MIB, 7]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELSTORE_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "digests.sqlite"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file of three parts whose digest is known, as after a preview some time later."""
    path = tmp_path / "m" / "w.bin"
    write_parts(path, SIZES)
    digest_files([source(path)], DigestCache(clock_ns=lambda: time.time_ns() + 10 * COARSEST_TICK_NS))
    return path


@pytest.fixture
def no_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digesting a large file again is an error."""

    class Refusing:
        def update(self, _: memoryview) -> None:
            raise AssertionError("digested again")

    class Hashes:
        sha256 = Refusing

    monkeypatch.setattr(part_stream, "hashlib", Hashes)
    monkeypatch.setattr(reading, "hashlib", Hashes)


@pytest.fixture
def proxy(gateway_store: Store) -> Iterator[RecordingProxy]:
    with recording_proxy(gateway_store.endpoint) as running:
        yield running


def source(path: Path) -> SourceFile:
    return SourceFile(path.name, str(path), path.stat().st_size)


def digest_of(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def recorded(path: Path) -> list[int]:
    return list(PartSumCache().lookup(FileIdentity.of(str(path), path.stat()), digest_of(path)))


def poison(cache: Path, position: int) -> None:
    """Have the cache say another sum of one part."""
    with sqlite3.connect(cache) as database:
        ((sums,),) = database.execute("SELECT crc32s FROM part_sums").fetchall()
        changed = bytearray(sums)
        changed[4 * position] ^= 1
        database.execute("UPDATE part_sums SET crc32s = ?", (bytes(changed),))


@pytest.mark.usefixtures("no_digests")
@pytest.mark.parametrize("buffer", [16 * MIB, MIB], ids=["parts in memory", "parts larger than memory"])
def test_is_sent_without_being_digested_again(
    gateway_store: Store, weights: Path, monkeypatch: pytest.MonkeyPatch, buffer: int
) -> None:
    monkeypatch.setattr(transfer, "SMALLEST_PART", buffer)
    request = request_for(weights.parent)
    outcome = upload_version(gateway_store.objects, request)
    assert (outcome.sent, outcome.methods) == (sum(SIZES), {"CRC32": 1})
    assert gateway_store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == weights.read_bytes()


@pytest.mark.usefixtures("no_digests")
def test_object_of_an_earlier_run_is_kept_without_reading_the_file(
    gateway_store: Store, proxy: RecordingProxy, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_for(weights.parent)
    first = upload_version(gateway_store.objects, request)
    gateway_store.objects.delete([f"{PREFIX}manifests/{request.version}.json"])

    def refuse(*_: object) -> int:
        raise AssertionError("read")

    monkeypatch.setattr(os, "preadv", refuse)
    again = upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert (first.sent, again.sent, again.kept) == (sum(SIZES), 0, sum(SIZES))
    assert proxy.parts == []


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("buffer", [16 * MIB, MIB], ids=["parts in memory", "parts larger than memory"])
def test_part_that_is_not_what_was_digested(
    gateway_store: Store, weights: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, part: int, buffer: int
) -> None:
    """It is refused, and what is remembered of the file is forgotten: the next run digests it."""
    monkeypatch.setattr(transfer, "SMALLEST_PART", buffer)
    poison(own_cache, part)
    request = request_for(weights.parent)
    with pytest.raises(SourceChanged):
        upload_version(gateway_store.objects, request)
    assert gateway_store.objects.head(f"{version_prefix(PREFIX, request.version)}w.bin") is None
    assert recorded(weights) == []
    assert upload_version(gateway_store.objects, request).manifest.content.digests == {"w.bin": digest_of(weights)}


def test_sums_of_a_changed_file_are_not_found(weights: Path) -> None:
    assert len(recorded(weights)) == 3
    before = weights.stat()
    with weights.open("r+b") as file:
        file.write(b"other")
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert recorded(weights) == []


def test_sums_of_another_digest_are_not_found(weights: Path) -> None:
    assert PartSumCache().lookup(FileIdentity.of(str(weights), weights.stat()), "sha256:" + "0" * 64) == ()


def test_file_that_has_just_changed_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "m" / "w.bin"
    write_parts(path, SIZES)
    digest_files([source(path)], DigestCache())
    assert recorded(path) == []


@pytest.mark.parametrize("damage", [b"", b"123", bytes(400), None], ids=["none", "cut", "longer", "null"])
def test_nonsense_is_not_believed(weights: Path, own_cache: Path, damage: bytes | None) -> None:
    with sqlite3.connect(own_cache) as database:
        database.execute("UPDATE part_sums SET crc32s = ?", (damage,))
    assert recorded(weights) == []
