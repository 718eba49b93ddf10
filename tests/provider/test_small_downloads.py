"""Small files on their way to a folder: many requests under way, whoever waits for them, and what goes wrong."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, refusal
from provider.small_folders import small_folder, watching
from provider.stores import MIB, Store, request_for
from pulumi_modelstore_provider.artifacts import small_download, under_way
from pulumi_modelstore_provider.artifacts.pull import PullOutcome, pull
from pulumi_modelstore_provider.artifacts.rehash import rehash
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version
from pulumi_modelstore_provider.errors import DownloadCorrupted, StoreRefused

WANTED = {f"{number:03}.json": b"%d" % number for number in range(60)}


@pytest.fixture
def version(gateway_store: Store, tmp_path: Path) -> UploadRequest:
    """Sixty small files, in the store."""
    request = request_for(small_folder(tmp_path / "m", 60))
    upload_version(gateway_store.objects, request)
    return request


def pulled(store: Store, version: UploadRequest, folder: Path, concurrency: int = 8) -> PullOutcome:
    objects = store.objects
    manifest = upload_version(objects, version).manifest
    prefix = f"{version.model_prefix}{version.version}/"
    return pull(objects, manifest.content, prefix, folder, settings=TransferSettings(concurrency=concurrency))


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written_by(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> list[str]:
    """The threads that write files, on a file system that takes so long for each."""
    threads: list[str] = []
    real = small_download._write

    def slowly(*arguments: object) -> None:
        threads.append(threading.current_thread().name)
        time.sleep(seconds)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(small_download, "_write", slowly)
    return threads


@pytest.mark.parametrize("concurrency", [1, 2, 6])
def test_as_many_are_under_way_as_may_be(
    concurrency: int, gateway_store: Store, version: UploadRequest, proxy: RecordingProxy, tmp_path: Path
) -> None:
    seen = watching(proxy, 0.02, method="GET")
    outcome = pulled(gateway_store.via(proxy.endpoint), version, tmp_path / "there", concurrency)
    assert seen.most == concurrency
    assert files_in(tmp_path / "there") == WANTED
    assert outcome.fetched == sum(map(len, WANTED.values()))


def test_one_thread_waits_for_all_where_writing_is_quick(
    gateway_store: Store,
    version: UploadRequest,
    proxy: RecordingProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = watching(proxy, 0.01, method="GET")
    monkeypatch.setattr(under_way, "_SLOW_SECONDS", 60)
    threads = written_by(monkeypatch, seconds=0)
    pulled(gateway_store.via(proxy.endpoint), version, tmp_path / "there", 4)
    assert seen.most == 4
    assert len(threads) == 60
    # The first file of each of the others tells whether it is quick, and one more is on its way by then.
    *others, _ = sorted(Counter(threads).values())
    assert max(others) <= 2


def test_many_threads_write_what_is_slowly_written(
    gateway_store: Store, version: UploadRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = written_by(monkeypatch, seconds=0.02)
    pulled(gateway_store, version, tmp_path / "there", 4)
    assert len(set(threads[8:])) == 4
    assert files_in(tmp_path / "there") == WANTED


def test_slow_answer_keeps_no_other_file_waiting(
    gateway_store: Store, version: UploadRequest, proxy: RecordingProxy, tmp_path: Path
) -> None:
    answered, all_others, outlasted = set[str](), threading.Event(), list[bool]()

    def hold(exchange: Exchange) -> None:
        if exchange.method == "GET" and exchange.path.endswith("/030.json"):
            outlasted.append(all_others.wait(20))

    def count(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method == "GET" and exchange.path.endswith(".json"):
            answered.add(exchange.path)
            # The manifest is one of them.
            if len(answered) == 60:
                all_others.set()
        return answer

    proxy.before, proxy.after = hold, count
    pulled(gateway_store.via(proxy.endpoint), version, tmp_path / "there")
    assert outlasted == [True]


def test_small_ones_go_beside_large_ones(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "m", 60)
    (folder / "w.bin").write_bytes(bytes(40 * MIB))
    (folder / "middle.bin").write_bytes(bytes(MIB))
    (folder / "empty").touch()
    request = request_for(folder)
    upload_version(gateway_store.objects, request)
    seen = watching(proxy, 0.01, method="GET")
    outcome = pulled(gateway_store.via(proxy.endpoint), request, tmp_path / "there")
    assert seen.most > 1
    assert files_in(tmp_path / "there") == files_in(folder)
    assert outcome.fetched == sum(path.stat().st_size for path in folder.iterdir())


def cut(exchange: Exchange, answer: Answer) -> Answer:
    raise Cut


def busy(exchange: Exchange, answer: Answer) -> Answer:
    return refusal(503, "SlowDown", "reduce your rate")


def cut_off(exchange: Exchange, answer: Answer) -> Answer:
    return Answer(answer.status, answer.headers, answer.body, cut=0)


def flipped(exchange: Exchange, answer: Answer) -> Answer:
    return Answer(answer.status, answer.headers, bytes(byte ^ 1 for byte in answer.body))


FAULTS: dict[str, Callable[[Exchange, Answer], Answer]] = {
    "hangs up": cut,
    "is busy": busy,
    "ends before the bytes": cut_off,
    "is damaged": flipped,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_goes_wrong_among_them_is_fetched_again(
    fault: Callable[[Exchange, Answer], Answer],
    gateway_store: Store,
    version: UploadRequest,
    proxy: RecordingProxy,
    tmp_path: Path,
) -> None:
    failed: set[str] = set()

    def spoil(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method != "GET" or exchange.path in failed or not exchange.path.endswith("7.json"):
            return answer
        failed.add(exchange.path)
        return fault(exchange, answer)

    proxy.after = spoil
    outcome = pulled(gateway_store.via(proxy.endpoint), version, tmp_path / "there")
    assert len(failed) == 6
    assert files_in(tmp_path / "there") == WANTED
    assert outcome.fetched == sum(map(len, WANTED.values()))


def test_file_that_stays_damaged_gets_no_name(
    gateway_store: Store, version: UploadRequest, proxy: RecordingProxy, tmp_path: Path
) -> None:
    proxy.after = lambda exchange, answer: flipped(exchange, answer) if exchange.path.endswith("/030.json") else answer
    with pytest.raises(DownloadCorrupted, match=r"has the digest sha256:.*the manifest says sha256:.*030\.json"):
        pulled(gateway_store.via(proxy.endpoint), version, tmp_path / "there")
    assert "030.json" not in files_in(tmp_path / "there")


def test_refusal_of_one_ends_all_and_what_came_is_kept(
    gateway_store: Store, version: UploadRequest, proxy: RecordingProxy, tmp_path: Path
) -> None:
    def refuse(exchange: Exchange) -> Answer | None:
        wanted = exchange.method == "GET" and exchange.path.endswith("/030.json")
        return refusal(403, "AccessDenied", "not this one") if wanted else None

    proxy.before = refuse
    with pytest.raises(StoreRefused, match=r"AccessDenied: not this one"):
        pulled(gateway_store.via(proxy.endpoint), version, tmp_path / "there")
    outcome = pulled(gateway_store, version, tmp_path / "there")
    assert 20 <= outcome.kept < 60
    assert files_in(tmp_path / "there") == WANTED


class Told:
    """Whoever is told of progress."""

    def __init__(self) -> None:
        self.bytes = 0

    def advance(self, count: int, *, moved: bool = True) -> None:
        self.bytes += count if moved else 0


def test_verifying_has_as_many_under_way_and_tells_each_fault(
    gateway_store: Store, version: UploadRequest, proxy: RecordingProxy, tmp_path: Path
) -> None:
    prefix = f"{version.model_prefix}{version.version}/"
    store, content = gateway_store.via(proxy.endpoint), upload_version(gateway_store.objects, version).manifest.content
    gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=f"{prefix}007.json", Body=b"8")
    seen, told = watching(proxy, 0.02, method="GET"), Told()
    proxy.before = removing(gateway_store, "/030.json", proxy.before)
    settings = TransferSettings(concurrency=6)
    faults = rehash(store.objects, prefix, content, settings=settings, progress=told)
    assert [(fault.path, fault.kind) for fault in faults] == [("007.json", "digest"), ("030.json", "missing")]
    assert seen.most == 6
    assert told.bytes == content.total_bytes


def removing(store: Store, name: str, then: Callable[[Exchange], Answer | None]) -> Callable[[Exchange], Answer | None]:
    """Have an object gone when it is asked for."""

    def rule(exchange: Exchange) -> Answer | None:
        key = urlsplit(exchange.path).path.removeprefix(f"/{store.bucket}/")
        if exchange.method == "GET" and key.endswith(name):
            store.client.delete_object(Bucket=store.bucket, Key=key)
        return then(exchange)

    return rule
