"""Files that an earlier version has already: the store copies them, and they are sent where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from provider.recording_proxy import Answer, Exchange, RecordingProxy, recording_proxy, refusal
from provider.stores import MIB, PREFIX, Store, request_for
from provider.whole_version import assert_whole
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.upload import UploadOutcome, upload_version

SIZES = [17 * MIB, 2 * MIB, 2 * MIB, MIB, 1000]
CHANGED = 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "m"
    place.mkdir()
    for number, size in enumerate(SIZES):
        (place / f"{number}.bin").write_bytes(bytes([number + 1]) * size)
    return place


def change(folder: Path) -> None:
    path = folder / f"{CHANGED}.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def second_version(store: Store, proxy: RecordingProxy, folder: Path) -> UploadOutcome:
    """Upload the folder with one file changed, through the proxy, and look at what came of it."""
    change(folder)
    request = request_for(folder)
    outcome = upload_version(store.via(proxy.endpoint).objects, request)
    assert_whole(store, request, folder)
    return outcome


def sent_bytes(proxy: RecordingProxy) -> int:
    return sum(len(exchange.body) for exchange in proxy.exchanges if exchange.method == "PUT")


def test_one_changed_file_is_all_that_is_sent(store: Store, folder: Path) -> None:
    upload_version(store.objects, request_for(folder))
    with recording_proxy(store.endpoint) as proxy:
        outcome = second_version(store, proxy, folder)
        small = SIZES[-1]
        assert (outcome.sent, outcome.copied) == (SIZES[CHANGED] + small, sum(SIZES) - SIZES[CHANGED] - small)
        assert sent_bytes(proxy) - small <= 1.01 * SIZES[CHANGED]


def test_store_that_does_not_copy_is_sent_everything(gateway_store: Store, proxy: RecordingProxy, folder: Path) -> None:
    upload_version(gateway_store.objects, request_for(folder))

    def refuse(exchange: Exchange) -> Answer | None:
        copies = "x-amz-copy-source" in {name.lower() for name in exchange.headers}
        return refusal(501, "NotImplemented", "no copies") if copies else None

    proxy.before = refuse
    outcome = second_version(gateway_store, proxy, folder)
    assert (outcome.sent, outcome.copied) == (sum(SIZES), 0)


def test_earlier_version_that_lost_files_or_is_damaged_is_no_hindrance(
    gateway_store: Store, proxy: RecordingProxy, folder: Path
) -> None:
    first = request_for(folder)
    upload_version(gateway_store.objects, first)
    gateway_store.objects.delete([f"{version_prefix(PREFIX, first.version)}0.bin"])
    gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=manifest_key(PREFIX, "another"), Body=b"{")
    outcome = second_version(gateway_store, proxy, folder)
    assert outcome.copied == SIZES[1] + SIZES[3]


def test_earlier_version_that_goes_meanwhile_is_no_hindrance(
    gateway_store: Store, proxy: RecordingProxy, folder: Path
) -> None:
    first = request_for(folder)
    upload_version(gateway_store.objects, first)
    lost = f"{version_prefix(PREFIX, first.version)}1.bin"

    def prune(exchange: Exchange) -> None:
        if exchange.method == "HEAD":
            gateway_store.objects.delete([lost])

    proxy.before = prune
    second_version(gateway_store, proxy, folder)
    assert lost not in gateway_store.listed()


def test_object_of_other_content_is_not_taken_over(gateway_store: Store, proxy: RecordingProxy, folder: Path) -> None:
    """Somebody wrote over a file of the earlier version: the new one gets the right bytes all the same."""
    first = request_for(folder)
    upload_version(gateway_store.objects, first)
    key = f"{version_prefix(PREFIX, first.version)}1.bin"
    gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=key, Body=b"x" * SIZES[1])
    second_version(gateway_store, proxy, folder)
