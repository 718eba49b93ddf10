"""Whatever goes wrong on the way: the right artifact or a clear error, never a wrong artifact."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.retries.standard import ExponentialBackoff

from provider.fault_schedule import FaultSchedule
from provider.recording_proxy import RecordingProxy, recording_proxy
from provider.stores import MIB, PREFIX, Store, request_for
from provider.whole_version import assert_whole
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.pull import pull
from pulumi_modelstore_provider.artifacts.tags import TagPlace, put_tag, resolve_tag
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.s3.bucket import S3Bucket, open_bucket
from pulumi_modelstore_provider.time_limits import TimeLimits, limited

SHARE = 0.15
ATTEMPTS = 4
SMALL = 10
LIMITS = TimeLimits(connect=5, read=20, attempts=3)

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients wait a random share of a second, two seconds, and so on, before they ask again: here the least of it."""
    monkeypatch.setattr(random, "random", lambda: 0.01)
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of several parts and some small ones, one of them empty."""
    folder = tmp_path_factory.mktemp("source") / "model"
    folder.mkdir()
    content = random.Random(7)
    (folder / "a.safetensors").write_bytes(content.randbytes(MIB) * 33 + b"end")
    (folder / "b.safetensors").write_bytes(content.randbytes(MIB) * 17)
    (folder / "empty").touch()
    for number in range(SMALL):
        (folder / f"small-{number}.json").write_bytes(content.randbytes(1000 + number))
    return folder


@pytest.fixture
def faulty(gateway_store: Store) -> Iterator[tuple[S3Bucket, RecordingProxy]]:
    """The bucket through the proxy, by a client that gives up early."""
    with recording_proxy(gateway_store.endpoint) as proxy, limited(LIMITS):
        yield open_bucket(gateway_store.via(proxy.endpoint).connection, gateway_store.bucket), proxy


@pytest.mark.parametrize("seed", range(6))
def test_upload(gateway_store: Store, faulty: tuple[S3Bucket, RecordingProxy], source: Path, seed: int) -> None:
    objects, proxy = faulty
    schedule = FaultSchedule(seed, SHARE)
    schedule.attach(proxy)
    request = request_for(source)
    failures = []
    for _ in range(ATTEMPTS):
        try:
            upload_version(objects, request)
            break
        except ModelstoreError as error:
            failures.append(str(error))
        # The manifest is the commit point: once it is there, everything is.
        if manifest_key(PREFIX, request.version) in gateway_store.listed():
            assert_whole(gateway_store, request, source)
    assert schedule.met
    schedule.detach(proxy)
    upload_version(gateway_store.objects, request)
    assert_whole(gateway_store, request, source)
    assert all(failures)


@pytest.mark.parametrize("seed", range(4))
def test_download(
    gateway_store: Store, faulty: tuple[S3Bucket, RecordingProxy], source: Path, tmp_path: Path, seed: int
) -> None:
    request = request_for(source)
    manifest = upload_version(gateway_store.objects, request).manifest
    objects, proxy = faulty
    schedule = FaultSchedule(seed, SHARE)
    schedule.attach(proxy)
    prefix = version_prefix(PREFIX, request.version)
    target = tmp_path / "target"
    for _ in range(ATTEMPTS):
        try:
            pull(objects, manifest.content, prefix, target)
            break
        except ModelstoreError:
            # A file that has its name is whole; the others have none yet.
            for path in source.iterdir():
                place = target / path.name
                assert not place.exists() or place.read_bytes() == path.read_bytes()
    assert schedule.met
    schedule.detach(proxy)
    pull(gateway_store.objects, manifest.content, prefix, target)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {
        path.name: path.read_bytes() for path in source.iterdir()
    }


@pytest.mark.parametrize("seed", [0, 1, 5])
def test_tags(gateway_store: Store, faulty: tuple[S3Bucket, RecordingProxy], seed: int) -> None:
    """A tag points to where it was or where it was to go; who follows it gets that version or an error."""
    versions = ["v0", "v1", "v2", "v3"]
    for version in versions:
        gateway_store.objects.put(manifest_key(PREFIX, version), b"{}", content_type="application/json")
    objects, proxy = faulty
    schedule = FaultSchedule(seed, 0.3)
    schedule.attach(proxy)
    honest = TagPlace(gateway_store.objects, PREFIX, "latest")
    through = TagPlace(objects, PREFIX, "latest")
    current: str | None = None
    for step in range(16):
        target = versions[step % len(versions)]
        try:
            put_tag(through, target, expected=current, owner="urn")
            allowed = {target}
        except ModelstoreError:
            allowed = {target, current}
        stored = honest.read()
        current = None if stored is None else stored.target
        assert current in allowed
        try:
            found = resolve_tag(objects, PREFIX, "latest")
        except ModelstoreError:
            continue
        assert found == current
    assert schedule.met
