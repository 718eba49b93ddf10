"""Uploads that were killed, cut, or fed with a file that changed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from provider.recording_proxy import Answer, Exchange, RecordingProxy
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts import digests, transfer
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache, FileIdentity
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.local_files import LocalFile
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import ModelstoreError, SourceChanged
from pulumi_modelstore_provider.progress import TransferProgress
from pulumi_modelstore_provider.s3.multipart import open_uploads, stored_parts

SIZES = [16 * MIB] * 4 + [7]
PASSED = 2
UPLOADER = """
import sys
from pathlib import Path
from provider.stores import Store, request_for
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
settings = TransferSettings(concurrency=2)
upload_version(Store(sys.argv[1], sys.argv[2], None).objects, request_for(Path(sys.argv[3])), settings=settings)
"""


def killed_upload(store: Store, proxy: RecordingProxy, folder: Path) -> int:
    """Upload in another process, let PASSED parts through, then kill it; returns how many parts the store has."""
    through = threading.Semaphore(PASSED)
    over = threading.Event()

    def hold(exchange: Exchange) -> None:
        if exchange.is_part and not through.acquire(blocking=False):
            over.wait(60)
            raise ConnectionError

    proxy.before = hold
    command = [sys.executable, "-c", UPLOADER, proxy.endpoint, store.bucket, str(folder)]
    tests = str(Path(__file__).parents[1])
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": tests})
    deadline = time.monotonic() + 60
    while sum(part.answered for part in proxy.parts) < PASSED:
        assert process.poll() is None, "the upload ended before it was killed"
        assert time.monotonic() < deadline, "the parts did not arrive"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    over.set()
    proxy.before = lambda exchange: None
    (upload,) = open_uploads(store.objects, PREFIX)
    return len(stored_parts(store.objects, upload))


def test_killed_upload_resumes_from_another_folder(
    gateway_store: Store, proxy: RecordingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = write_parts(tmp_path / "m" / "w.bin", SIZES)
    assert killed_upload(gateway_store, proxy, tmp_path / "m") == PASSED
    assert gateway_store.listed() == []

    shutil.copytree(tmp_path / "m", tmp_path / "other-machine")
    monkeypatch.setenv("MODELSTORE_CACHE_HOME", str(tmp_path / "other-cache"))
    proxy.exchanges.clear()
    request = request_for(tmp_path / "other-machine")
    outcome = upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert len(proxy.parts) == len(SIZES) - PASSED
    assert outcome.kept == sum(size for number, size in enumerate(SIZES, 1) if number not in part_numbers(proxy))
    assert gateway_store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == body
    assert list(open_uploads(gateway_store.objects, PREFIX)) == []


def part_numbers(proxy: RecordingProxy) -> set[int]:
    return {int(part.query["partNumber"][0]) for part in proxy.parts}


def test_parts_of_other_content_are_not_kept(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    """An explicit version whose first attempt was killed, before one part of the file changed."""
    key = f"{PREFIX}v1/w.bin"
    place = {"Bucket": gateway_store.bucket, "Key": key}
    checksum = {"ChecksumAlgorithm": "CRC32"}
    begun = gateway_store.client.create_multipart_upload(
        **place, **checksum, ChecksumType="FULL_OBJECT", Metadata={"sha256": "0" * 64}
    )
    for number in (1, 2):
        part = bytes([number - 1]) * SIZES[0]
        gateway_store.client.upload_part(**place, **checksum, UploadId=begun["UploadId"], PartNumber=number, Body=part)
    body = write_parts(tmp_path / "m" / "w.bin", SIZES).replace(b"\x01", b"\x77")
    (tmp_path / "m" / "w.bin").write_bytes(body)
    request = request_for(tmp_path / "m", "v1")
    upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert gateway_store.body(key) == body
    # The label of the first attempt cannot be changed on its upload: the object was written anew.
    head = gateway_store.client.head_object(**place)
    assert head["Metadata"]["sha256"] == request.files["w.bin"][7:71]
    assert list(open_uploads(gateway_store.objects, PREFIX)) == []


def test_uploads_of_others_are_left_alone(gateway_store: Store, tmp_path: Path) -> None:
    write_parts(tmp_path / "m" / "w.bin", SIZES[:2])
    other = gateway_store.client.create_multipart_upload(Bucket=gateway_store.bucket, Key="elsewhere/w.bin")
    request = request_for(tmp_path / "m")
    own_key = f"{version_prefix(PREFIX, request.version)}w.bin"
    gateway_store.client.create_multipart_upload(Bucket=gateway_store.bucket, Key=own_key)
    upload_version(gateway_store.objects, request)
    assert [upload.upload_id for upload in open_uploads(gateway_store.objects, "")] == [other["UploadId"]]


def test_what_a_run_left_that_was_killed_after_the_commit_is_aborted(gateway_store: Store, tmp_path: Path) -> None:
    write_parts(tmp_path / "m" / "w.bin", SIZES[:2])
    request = request_for(tmp_path / "m")
    upload_version(gateway_store.objects, request)
    own_key = f"{version_prefix(PREFIX, request.version)}w.bin"
    other = gateway_store.client.create_multipart_upload(Bucket=gateway_store.bucket, Key=f"{own_key}.other")
    gateway_store.client.create_multipart_upload(Bucket=gateway_store.bucket, Key=own_key)
    assert upload_version(gateway_store.objects, request).receipts == ()
    assert [upload.upload_id for upload in open_uploads(gateway_store.objects, "")] == [other["UploadId"]]


def test_complete_files_of_a_cut_upload_are_kept(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    write_parts(tmp_path / "m" / "big.bin", SIZES[:2])
    (tmp_path / "m" / "small.json").write_text("{}")

    def no_manifest(exchange: Exchange) -> Answer | None:
        if exchange.method == "PUT" and "/manifests/" in exchange.path:
            return Answer(403, [], b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
        return None

    proxy.before = no_manifest
    request = request_for(tmp_path / "m")
    with pytest.raises(ModelstoreError, match="AccessDenied"):
        upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert len(gateway_store.listed()) == 2
    outcome = upload_version(gateway_store.objects, request)
    assert (outcome.sent, outcome.kept) == (0, sum(SIZES[:2]) + 2)


def test_changed_file_is_noticed_while_it_is_sent(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    path = tmp_path / "m" / "w.bin"
    write_parts(path, SIZES)
    changed = threading.Event()

    def change_last_byte(exchange: Exchange) -> None:
        if exchange.is_part and not changed.is_set():
            changed.set()
            with path.open("r+b") as file:
                file.seek(-1, 2)
                file.write(b"!")

    proxy.before = change_last_byte
    request = request_for(tmp_path / "m")
    with pytest.raises(SourceChanged, match="changed during the upload"):
        upload_version(gateway_store.via(proxy.endpoint).objects, request, settings=TransferSettings(concurrency=2))
    assert changed.is_set()
    assert gateway_store.listed() == []


def test_shortened_file_is_noticed(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    path = tmp_path / "m" / "w.bin"
    write_parts(path, SIZES)

    def shorten(exchange: Exchange) -> None:
        if exchange.is_part and path.stat().st_size > 20 * MIB:
            with path.open("r+b") as file:
                file.truncate(20 * MIB)

    proxy.before = shorten
    with pytest.raises(SourceChanged, match="shorter than it was"):
        upload_version(
            gateway_store.via(proxy.endpoint).objects,
            request_for(tmp_path / "m"),
            settings=TransferSettings(concurrency=2),
        )
    assert gateway_store.listed() == []


def test_wrong_digest_in_the_cache_is_found_out_and_forgotten(gateway_store: Store, model: Path) -> None:
    path = model / "config.json"
    cache = DigestCache()
    wrong = FileIdentity.of(str(path), path.stat())
    cache.record({wrong: "sha256:" + "0" * 64}, looked_at_ns=1 << 62)
    request = request_for(model)
    assert "0" * 64 in request.files["config.json"]
    with pytest.raises(SourceChanged, match="another digest"):
        upload_version(gateway_store.objects, request)
    right = request_for(model)
    assert right.version != request.version
    upload_version(gateway_store.objects, right)
    assert [key for key in gateway_store.listed() if "/manifests/" in key] == [manifest_key(PREFIX, right.version)]


def test_parts_in_memory_are_bounded(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    write_parts(tmp_path / "m" / "w.bin", SIZES)
    under_way, most, lock = 0, 0, threading.Lock()

    def enter(exchange: Exchange) -> None:
        nonlocal under_way, most
        if exchange.is_part:
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.05)

    def leave(exchange: Exchange, answer: Answer) -> Answer:
        nonlocal under_way
        if exchange.is_part:
            with lock:
                under_way -= 1
        return answer

    proxy.before, proxy.after = enter, leave
    upload_version(
        gateway_store.via(proxy.endpoint).objects, request_for(tmp_path / "m"), settings=TransferSettings(concurrency=2)
    )
    assert most == 2


@pytest.mark.parametrize(
    ("concurrency", "largest_small", "buffers", "small_at_once"),
    [(8, 0, 8, 8), (8, 4096, 8, 8), (8, 16 * MIB, 6, 8), (64, 16 * MIB, 6, 8), (64, 4096, 8, 64), (1, 4096, 2, 2)],
)
def test_memory_is_shared_by_large_and_small_files(
    gateway_store: Store, concurrency: int, largest_small: int, buffers: int, small_at_once: int
) -> None:
    with transfer.Transfer(
        gateway_store.objects,
        TransferProgress("", "uploading", 1),
        settings=TransferSettings(concurrency=concurrency),
        largest_small=largest_small,
        refuse_if_committed=lambda: None,
    ) as running:
        assert (running.buffers.count, running.small_at_once) == (buffers, small_at_once)


def test_manifest_of_the_killed_version_is_not_there(
    gateway_store: Store, proxy: RecordingProxy, tmp_path: Path
) -> None:
    write_parts(tmp_path / "m" / "w.bin", SIZES)
    request = request_for(tmp_path / "m")
    killed_upload(gateway_store, proxy, tmp_path / "m")
    assert gateway_store.objects.get(manifest_key(PREFIX, request.version)) is None


def test_large_file_that_nobody_has_digested_is_read_once(
    gateway_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = write_parts(tmp_path / "m" / "w.bin", SIZES[:2])
    request = request_for(tmp_path / "m")
    monkeypatch.setattr(digests, "_digest", lambda file: pytest.fail(f"{file.path} was read for its digest"))
    outcome = upload_version(gateway_store.objects, request)
    assert outcome.sent == len(body)
    assert gateway_store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == body


def test_file_that_is_not_what_was_declared_is_found_out_as_it_is_sent(gateway_store: Store, tmp_path: Path) -> None:
    write_parts(tmp_path / "m" / "w.bin", SIZES[:2])
    request = request_for(tmp_path / "m")
    write_parts(tmp_path / "m" / "w.bin", SIZES[:2], seed=5)
    with pytest.raises(SourceChanged, match="another digest"):
        upload_version(gateway_store.objects, request)
    assert gateway_store.listed() == []


def test_disk_that_fails_is_told_with_the_file() -> None:
    """The first page of a process's memory is what no read gives: the system's own EIO."""
    told = r"cannot be read .*/proc/self/mem.*Input/output error.*Check the disk"
    nothing = FileEntry("weights.bin", 0, "sha256:" + "0" * 64)
    with LocalFile("/proc/self/mem").open(nothing) as opened, pytest.raises(ModelstoreError, match=told):
        opened.read_into(0, memoryview(bytearray(8)))
