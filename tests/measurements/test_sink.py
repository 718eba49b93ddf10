"""The null sink: it answers as a store would, and a download gives what the files hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bench.transfers import pattern
from bench.transfers.sink import NoGo, Sink, null_sink

from provider.stores import MIB, PREFIX, request_for
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import VersionConflict
from pulumi_modelstore_provider.s3.bucket import S3Bucket, open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection

SIZES = {"small.json": 4096, "shards/large.safetensors": 33 * MIB + 5}


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    try:
        with null_sink(tmp_path, tls=request.param) as running:
            yield running
    except NoGo as reason:
        pytest.skip(str(reason))


@pytest.fixture
def objects(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "ANY")
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "any")
    ca_bundle = str(sink.ca_bundle) if sink.ca_bundle else None
    return open_bucket(S3Connection(endpoint=sink.endpoint, ca_bundle=ca_bundle, credentials="env:STORE"), "bench")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = pattern.block()
    for name, size in SIZES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pattern.write(path, size, base)
    return tmp_path / "model"


def test_upload_ends_well_and_a_download_gives_the_same_bytes(objects: S3Bucket, sink: Sink, folder: Path) -> None:
    request = request_for(folder)
    outcome = upload_version(objects, request)
    assert outcome.sent == sum(SIZES.values())
    assert set(outcome.methods) == {"CRC32"}
    assert sum(SIZES.values()) <= sink.counts().received <= sum(SIZES.values()) + 2000
    prefix = version_prefix(PREFIX, request.version)
    for name in SIZES:
        assert b"".join(objects.stream(f"{prefix}{name}")) == (folder / name).read_bytes()
    assert upload_version(objects, request).receipts == ()
    (folder / "small.json").write_text("{}")
    with pytest.raises(VersionConflict):
        upload_version(objects, replace(request_for(folder), version=request.version))


def test_ranges_are_cut_where_they_were_asked_to_be(objects: S3Bucket, folder: Path) -> None:
    request = request_for(folder)
    upload_version(objects, request)
    name = "shards/large.safetensors"
    body = (folder / name).read_bytes()
    key = f"{version_prefix(PREFIX, request.version)}{name}"
    for first, last in [(0, 0), (7, 30), (MIB - 3, MIB + 20), (16 * MIB, 32 * MIB - 1), (33 * MIB + 2, 33 * MIB + 4)]:
        answer = objects.client.get_object(Bucket="bench", Key=key, Range=f"bytes={first}-{last}")
        assert answer["Body"].read() == body[first : last + 1]


def test_forgotten_objects_are_gone(objects: S3Bucket, sink: Sink, folder: Path) -> None:
    upload_version(objects, request_for(folder))
    sink.forget()
    assert list(objects.list("")) == []
    assert sink.counts().received == 0
