"""Models on Azure Blob Storage: sent in blocks, resumed, verified, tagged, purged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider.azure_store import AzureStore, azure_store, is_block, refusal
from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, recording_proxy
from provider.stores import MIB, PREFIX, request_for, write_parts
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.purge import purge_version
from pulumi_modelstore_provider.artifacts.tags import TagPlace, put_tag, resolve_tag
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.azure import retries
from pulumi_modelstore_provider.azure.block_ids import PartId
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused, UploadCorrupted, WriteConflict
from pulumi_modelstore_provider.time_limits import USUAL
from servers.azurite import Azurite

SIZES = [16 * MIB] * 3 + [7]
PASSED = 2
UPLOADER = """
import sys
from pathlib import Path
from provider.stores import request_for
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.azure.bucket import open_bucket
from pulumi_modelstore_provider.azure.connection import AzureConnection
connection = AzureConnection(account=sys.argv[1], endpoint=sys.argv[2], credentials="env:STORE")
settings = TransferSettings(concurrency=2)
upload_version(open_bucket(connection, sys.argv[3]), request_for(Path(sys.argv[4])), settings=settings)
"""


@pytest.fixture
def store(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> AzureStore:
    for name, value in azurite.environment().items():
        monkeypatch.setenv(name, value)
    return azure_store(azurite)


@pytest.fixture
def proxy(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingProxy]:
    """A proxy in front of Azurite; repetitions come at once."""
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0)
    monkeypatch.setattr(retries, "_BASE", 0)
    monkeypatch.setattr(retries, "_JITTER", 0)
    with recording_proxy(azurite.endpoint.rsplit("/", 1)[0]) as running:
        yield running


@pytest.fixture
def large(tmp_path: Path) -> Path:
    write_parts(tmp_path / "m" / "w.bin", SIZES)
    (tmp_path / "m" / "config.json").write_text("{}")
    return tmp_path / "m"


def test_model_is_sent_verified_and_adopted(store: AzureStore, large: Path) -> None:
    request = request_for(large)
    outcome = upload_version(store.objects, request)
    prefix = version_prefix(PREFIX, request.version)
    for name in ("w.bin", "config.json"):
        assert store.body(f"{prefix}{name}") == (large / name).read_bytes()
    assert outcome.methods == {"MD5": 2}
    head = store.objects.head(f"{prefix}w.bin")
    assert head is not None
    assert head.metadata == {"sha256": request.files["w.bin"][7:71]}
    assert (head.sums.md5 or "").endswith(f"-{len(SIZES)}")
    properties = store.server.container(store.bucket).get_blob_client(f"{prefix}config.json").get_blob_properties()
    assert properties.content_settings.content_type == "application/json"
    assert upload_version(store.objects, request).sent == 0


def killed_upload(store: AzureStore, proxy: RecordingProxy, folder: Path) -> None:
    """Upload in another process, let PASSED parts through, then kill it."""
    through = threading.Semaphore(PASSED)
    over = threading.Event()

    def hold(exchange: Exchange) -> None:
        if is_block(exchange) and not through.acquire(blocking=False):
            over.wait(60)
            raise ConnectionError

    proxy.before = hold
    command = [sys.executable, "-c", UPLOADER, store.server.account, store.via(proxy).endpoint, store.bucket]
    process = subprocess.Popen(
        [*command, str(folder)], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    )
    deadline = time.monotonic() + 60
    while sum(is_block(exchange) and exchange.answered for exchange in proxy.exchanges) < PASSED:
        assert process.poll() is None, "the upload ended before it was killed"
        assert time.monotonic() < deadline, "the parts did not arrive"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    over.set()
    proxy.before = lambda exchange: None
    proxy.exchanges.clear()


def test_killed_upload_is_resumed(store: AzureStore, proxy: RecordingProxy, large: Path) -> None:
    killed_upload(store, proxy, large)
    assert not any(key.endswith("w.bin") for key in store.listed())
    (upload,) = store.objects.open_uploads(PREFIX)
    assert len(store.objects.stored_parts(upload)) == PASSED

    request = request_for(large)
    outcome = upload_version(store.via(proxy).objects, request)
    assert sum(is_block(exchange) for exchange in proxy.exchanges) == len(SIZES) - PASSED
    assert outcome.kept >= PASSED * 7
    assert store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == (large / "w.bin").read_bytes()
    assert list(store.objects.open_uploads(PREFIX)) == []


def test_parts_of_other_content_are_not_kept(store: AzureStore, tmp_path: Path) -> None:
    key = f"{PREFIX}v1/w.bin"
    begun = store.objects.begin(key, content_type="application/octet-stream", metadata={"sha256": "0" * 64})
    for number in (1, 2):
        store.objects.send_part(begun, number, bytes([number - 1]) * SIZES[0])
    write_parts(tmp_path / "m" / "w.bin", SIZES, seed=1)
    request = request_for(tmp_path / "m", "v1")
    upload_version(store.objects, request)
    assert store.body(key) == (tmp_path / "m" / "w.bin").read_bytes()
    head = store.objects.head(key)
    assert head is not None
    assert head.metadata["sha256"] == request.files["w.bin"][7:71]
    assert list(store.objects.open_uploads(PREFIX)) == []


def test_damaged_bytes_are_sent_again(store: AzureStore, proxy: RecordingProxy, large: Path) -> None:
    damaged: set[str] = set()

    def flip(exchange: Exchange) -> None:
        if exchange.method == "PUT" and exchange.body and exchange.path not in damaged:
            damaged.add(exchange.path)
            if is_block(exchange) or "comp" not in exchange.query:
                exchange.body = bytes([exchange.body[0] ^ 1]) + exchange.body[1:]

    proxy.before = flip
    request = request_for(large)
    upload_version(store.via(proxy).objects, request)
    for name in ("w.bin", "config.json"):
        assert store.body(f"{version_prefix(PREFIX, request.version)}{name}") == (large / name).read_bytes()


def test_bytes_always_damaged_end_in_an_error(store: AzureStore, proxy: RecordingProxy, large: Path) -> None:
    def flip(exchange: Exchange) -> None:
        if is_block(exchange):
            exchange.body = bytes([exchange.body[0] ^ 1]) + exchange.body[1:]

    proxy.before = flip
    with pytest.raises(ModelstoreError, match=r"Cannot send part \d .*Md5Mismatch"):
        upload_version(store.via(proxy).objects, request_for(large))
    assert not any("/manifests/" in key for key in store.listed())


def test_service_that_keeps_other_bytes_is_found_out(store: AzureStore, proxy: RecordingProxy, large: Path) -> None:
    """A body damaged together with its MD5 passes the service's check; its blocks' names then tell nothing of it."""

    def lie(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.query.get("comp") == ["blocklist"] and exchange.method == "GET":
            answer.body = answer.body.replace(
                b"<CommittedBlocks>", b"<CommittedBlocks><Block><Name>eA==</Name><Size>1</Size></Block>"
            )
        if exchange.method == "GET" and "comp" not in exchange.query and exchange.path.endswith("w.bin"):
            answer.body = bytes(len(answer.body))
        return answer

    proxy.after = lie
    request = request_for(large)
    with pytest.raises(UploadCorrupted, match="other bytes than were sent"):
        upload_version(store.via(proxy).objects, request)
    assert manifest_key(PREFIX, request.version) not in store.listed()


@pytest.mark.parametrize("fault", ["cut", "busy", "internal error"])
def test_passing_faults_are_got_over(store: AzureStore, proxy: RecordingProxy, large: Path, fault: str) -> None:
    seen: set[tuple[str, str]] = set()

    def once(exchange: Exchange) -> Answer | None:
        if (exchange.method, exchange.path) in seen:
            return None
        seen.add((exchange.method, exchange.path))
        if fault == "cut":
            raise Cut
        return refusal(503, "ServerBusy") if fault == "busy" else refusal(500, "InternalError")

    proxy.before = once
    request = request_for(large)
    upload_version(store.via(proxy).objects, request)
    assert store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == (large / "w.bin").read_bytes()


def test_lost_answers_of_writes_do_no_harm(store: AzureStore, proxy: RecordingProxy, large: Path) -> None:
    lost: set[tuple[str, str]] = set()

    def lose(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method == "PUT" and (exchange.method, exchange.path) not in lost:
            lost.add((exchange.method, exchange.path))
            raise Cut
        return answer

    proxy.after = lose
    request = request_for(large)
    upload_version(store.via(proxy).objects, request)
    assert store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == (large / "w.bin").read_bytes()
    assert upload_version(store.objects, request).sent == 0


def test_throttled_service_is_left_alone_in_the_end(store: AzureStore, proxy: RecordingProxy) -> None:
    proxy.before = lambda exchange: refusal(503, "ServerBusy", "Ingress is over the account limit.")
    with pytest.raises(StoreRefused, match=r"ServerBusy: Ingress .* Run again later") as refused:
        store.via(proxy).objects.probe("")
    assert refused.value.status == 503
    assert len(proxy.exchanges) == USUAL.attempts


def test_throttled_service_gets_the_time_that_it_asks_for(
    store: AzureStore, proxy: RecordingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def sleep(policy: retries.Backoff, settings: dict[str, Any], transport: object) -> None:
        pauses.append(policy.get_backoff_time(settings))

    monkeypatch.setattr(retries.Backoff, "sleep", sleep)
    proxy.before = lambda exchange: refusal(503, "ServerBusy", **{"Retry-After": "7"}) if len(pauses) < 2 else None
    store.via(proxy).objects.probe("")
    assert pauses == [7, 7]


def test_writes_are_conditional(store: AzureStore) -> None:
    objects, kind = store.objects, "text/plain"
    objects.put("a", b"1", content_type=kind, if_absent=True)
    with pytest.raises(WriteConflict):
        objects.put("a", b"2", content_type=kind, if_absent=True)
    found = objects.get("a")
    assert found is not None
    objects.put("a", b"3", content_type=kind, if_etag=found[1])
    with pytest.raises(WriteConflict):
        objects.put("a", b"4", content_type=kind, if_etag=found[1])
    upload = objects.begin("a", content_type=kind, metadata={})
    part = objects.send_part(upload, 1, b"5")
    with pytest.raises(WriteConflict):
        objects.complete(upload, [part], crc32=None, if_absent=True)
    assert store.body("a") == b"3"
    assert objects.get("b") is None
    assert objects.head("b") is None


def test_listing_receipt_and_head_agree_on_the_etag(store: AzureStore) -> None:
    receipt = store.objects.put("a/b", b"body", content_type="text/plain")
    (listed,) = store.objects.list("a/")
    head = store.objects.head("a/b")
    assert head is not None
    assert (listed.etag, listed.size, listed.key) == (receipt.etag, 4, "a/b")
    assert (head.etag, head.sums) == (receipt.etag, receipt.sums)


def test_tag_moves_and_loses_a_race(store: AzureStore, model: Path) -> None:
    first = upload_version(store.objects, request_for(model)).manifest.version
    place = TagPlace(store.objects, PREFIX, "stable")
    put_tag(place, first, expected=None)
    assert resolve_tag(store.objects, PREFIX, "stable") == first
    (model / "config.json").write_text("{}")
    second = upload_version(store.objects, request_for(model)).manifest.version
    put_tag(place, second, expected=first)
    with pytest.raises(ModelstoreError, match="changed by somebody else"):
        put_tag(place, first, expected=first)


def test_purge_deletes_one_version(store: AzureStore, model: Path) -> None:
    first = upload_version(store.objects, request_for(model)).manifest.version
    (model / "config.json").write_text("{}")
    second = upload_version(store.objects, request_for(model)).manifest.version
    purge_version(store.objects, PREFIX, first)
    assert {key.split("/")[3] for key in store.listed() if "/manifests/" not in key} == {second}
    store.objects.delete(["not-there"])


def test_abort_takes_blocks_away_where_nothing_else_is(store: AzureStore) -> None:
    objects = store.objects
    alone = objects.begin("alone", content_type="a/b", metadata={"k": "v"})
    objects.send_part(alone, 1, b"1")
    objects.abort(alone)
    assert list(objects.open_uploads("")) == []
    assert store.listed() == []
    objects.abort(alone)

    first = objects.begin("shared", content_type="a/b", metadata={})
    second = objects.begin("shared", content_type="a/b", metadata={})
    assert {upload.upload_id for upload in objects.open_uploads("")} == {first.upload_id, second.upload_id}
    objects.abort(first)
    objects.complete(second, [objects.send_part(second, 1, b"kept")], crc32=None, if_absent=True)
    assert store.body("shared") == b"kept"
    objects.abort(first)
    assert store.body("shared") == b"kept"


def test_blocks_of_another_program_are_no_proof(store: AzureStore) -> None:
    from azure.storage.blob import BlobBlock, ContentSettings

    blob = store.server.container(store.bucket).get_blob_client("a")
    blob.stage_block("of-azcopy", b"body")
    claimed = ContentSettings(content_md5=bytearray(16))
    blob.commit_block_list([BlobBlock("of-azcopy")], content_settings=claimed)
    head = store.objects.head("a")
    assert head is not None
    assert head.sums.md5 is None


def test_part_s_name_says_what_it_holds() -> None:
    name = str(PartId("0" * 16, 10_000, "a" * 32))
    assert len(name) == 64


def test_presigned_url_reads_one_blob(store: AzureStore) -> None:
    import urllib.error
    import urllib.request

    store.objects.put("a/with space.txt", b"body", content_type="text/plain")
    store.objects.put("b", b"other", content_type="text/plain")
    url = store.objects.presigned_url("a/with space.txt", seconds=60)
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"body"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("a/with%20space.txt", "b"), timeout=10)
