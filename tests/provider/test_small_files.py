"""Small files: many requests under way, whoever sends them, and what happens when one of them goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, refusal
from provider.small_folders import small_folder, watching
from provider.stores import MIB, Store, request_for
from pulumi_modelstore_provider.artifacts import local_files, under_way
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import StoreRefused
from pulumi_modelstore_provider.progress import heard_by


def opened_by(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> list[str]:
    """The threads that open files, on a file system that takes so long for each."""
    threads: list[str] = []
    real = local_files.LocalFile.open

    def slowly(file: local_files.LocalFile, entry: FileEntry) -> object:
        threads.append(threading.current_thread().name)
        time.sleep(seconds)
        return real(file, entry)

    monkeypatch.setattr(local_files.LocalFile, "open", slowly)
    return threads


@pytest.mark.parametrize("concurrency", [1, 2, 6])
def test_as_many_are_under_way_as_may_be(
    concurrency: int, gateway_store: Store, proxy: RecordingProxy, tmp_path: Path
) -> None:
    seen = watching(proxy, 0.02)
    settings = TransferSettings(concurrency=concurrency)
    request = request_for(small_folder(tmp_path / "m", 60))
    outcome = upload_version(gateway_store.via(proxy.endpoint).objects, request, settings=settings)
    assert seen.most == concurrency
    assert sorted(receipt.path for receipt in outcome.receipts) == [f"{number:03}.json" for number in range(60)]


def test_one_thread_sends_what_is_quickly_read(
    gateway_store: Store, proxy: RecordingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watching(proxy, 0.01)
    monkeypatch.setattr(under_way, "_SLOW_SECONDS", 60)
    threads = opened_by(monkeypatch, seconds=0)
    request = request_for(small_folder(tmp_path / "m", 60))
    upload_version(gateway_store.via(proxy.endpoint).objects, request, settings=TransferSettings(concurrency=4))
    assert seen.most == 4
    assert len(threads) == 60
    # Until the first answer nobody knows that the store can be sent to in this way.
    assert len(set(threads[12:])) == 1


def test_slow_answer_keeps_no_other_file_waiting(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    answered, all_others, outlasted = set[str](), threading.Event(), list[bool]()

    def hold(exchange: Exchange) -> None:
        if exchange.method == "PUT" and exchange.path.endswith("/030.json"):
            outlasted.append(all_others.wait(20))

    def count(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method == "PUT":
            answered.add(exchange.path)
            if len(answered) == 59:
                all_others.set()
        return answer

    proxy.before, proxy.after = hold, count
    upload_version(gateway_store.via(proxy.endpoint).objects, request_for(small_folder(tmp_path / "m", 60)))
    assert outlasted == [True]


def test_many_threads_read_what_is_slowly_read(
    gateway_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = opened_by(monkeypatch, seconds=0.02)
    request = request_for(small_folder(tmp_path / "m", 60))
    upload_version(gateway_store.objects, request, settings=TransferSettings(concurrency=4))
    assert len(set(threads[12:])) == 4


def test_small_ones_go_beside_large_ones_and_after_them(
    gateway_store: Store, proxy: RecordingProxy, tmp_path: Path
) -> None:
    """Two of eight requests are theirs at first."""
    seen = watching(proxy, 0.01)
    folder = small_folder(tmp_path / "m", 120)
    (folder / "w.bin").write_bytes(bytes(40 * MIB))
    (folder / "middle.bin").write_bytes(bytes(MIB))
    outcome = upload_version(gateway_store.via(proxy.endpoint).objects, request_for(folder))
    assert 2 <= seen.most <= 8
    assert len(outcome.receipts) == 122
    assert outcome.sent == sum(path.stat().st_size for path in folder.iterdir())


def cut(exchange: Exchange) -> Answer:
    raise Cut


FAULTS: dict[str, Callable[[Exchange], Answer]] = {
    "hangs up": cut,
    "is busy": lambda exchange: refusal(503, "SlowDown", "reduce your rate"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("answered", [True, False], ids=["after it has written", "before"])
def test_what_goes_wrong_among_them_is_sent_again(
    answered: bool, fault: Callable[[Exchange], Answer], gateway_store: Store, proxy: RecordingProxy, tmp_path: Path
) -> None:
    """Also where the store has the file already, and only the answer was lost."""
    failed: set[str] = set()

    def spoil(exchange: Exchange) -> Answer | None:
        if exchange.method != "PUT" or exchange.path in failed or not exchange.path.endswith("7.json"):
            return None
        failed.add(exchange.path)
        return fault(exchange)

    if answered:
        proxy.after = lambda exchange, answer: spoil(exchange) or answer
    else:
        proxy.before = spoil
    told: list[int] = []
    request = request_for(small_folder(tmp_path / "m", 60))
    with heard_by(lambda message, done, total: told.append(done - total)):
        outcome = upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert len(failed) == 6
    assert len(outcome.receipts) == 60
    assert told[-1] == 0
    assert all(gateway_store.body(f"{request.model_prefix}{request.version}/{n:03}.json") == b"%d" % n for n in (7, 8))


def test_refusal_of_one_ends_all_and_what_was_sent_is_kept(
    gateway_store: Store, proxy: RecordingProxy, tmp_path: Path
) -> None:
    def refuse(exchange: Exchange) -> Answer | None:
        wanted = exchange.method == "PUT" and exchange.path.endswith("/030.json")
        return refusal(403, "AccessDenied", "not this one") if wanted else None

    proxy.before = refuse
    request = request_for(small_folder(tmp_path / "m", 60))
    store = gateway_store.via(proxy.endpoint)
    with pytest.raises(StoreRefused, match=r"AccessDenied: not this one.*030\.json|030\.json.*AccessDenied"):
        upload_version(store.objects, request)
    assert all("/manifests/" not in key for key in gateway_store.listed())
    looking = watching(proxy, 0.05, method="HEAD")
    outcome = upload_version(store.objects, request)
    assert looking.most >= 4
    assert 20 <= sum(receipt.kept > 0 for receipt in outcome.receipts) < 60
    assert len(outcome.receipts) == 60
