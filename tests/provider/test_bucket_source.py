"""Objects of other buckets as sources, on each kind of store: listed, digested once, streamed, noticed to change."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from provider.places import Place
from provider.recording_proxy import Answer, Exchange, recording_proxy
from provider.stores import MIB, PREFIX, Store, request_for
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.sources import remote_digests
from pulumi_modelstore_provider.artifacts.sources.reading import Reading, read_sources
from pulumi_modelstore_provider.artifacts.sources.settings import BucketObjects
from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version
from pulumi_modelstore_provider.errors import InvalidSource, SourceChanged, SourceUnavailable
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.time_limits import TimeLimits, limited

LARGE = secrets.token_bytes(MIB) * 16 + b"and a second part"
FILES = {"config.json": b"{}", "empty": b"", "sub/a b+%.txt": b"name", "weights/w.bin": LARGE}


def read(*sources: BucketObjects) -> Reading:
    return read_sources(sources, base=Path())


def problems(*sources: BucketObjects) -> str:
    with pytest.raises(InvalidSource) as refusal:
        read(*sources)
    return " ".join(refusal.value.problems)


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: f"sha256:{hashlib.sha256(body).hexdigest()}" for path, body in files.items()}


def uploaded(store: Store, reading: Reading) -> str:
    upload_version(store.objects, UploadRequest(PREFIX, "v1", reading.content.as_inputs(), reading.pinned))
    return version_prefix(PREFIX, "v1")


def test_folder_arrives_in_another_store(place: Place, gateway_store: Store) -> None:
    place.fill(FILES, "models/v1/")
    place.fill({"config.json": b"of another version"}, "models/v10/")
    reading = read(place.source("models/v1", ignore=["*.tmp"]))
    assert reading.content.digests == digests(FILES)
    assert read(*reading.pinned).content == reading.content
    prefix = uploaded(gateway_store, reading)
    for path, body in FILES.items():
        assert gateway_store.body(f"{prefix}{path}") == body


def test_object_that_changes_during_the_upload_is_noticed(place: Place) -> None:
    place.fill({"w.bin": b"a" * 1000})
    reading = read(place.source())
    entry = reading.content.files[0]
    buffer = memoryview(bytearray(1000))
    with reading.files["w.bin"].open(entry) as opened:
        opened.read_into(0, buffer[:500])
        place.fill({"w.bin": b"b" * 1000})
        with pytest.raises(SourceChanged):
            opened.read_into(500, buffer[500:])
    assert read(place.source()).content.digests == digests({"w.bin": b"b" * 1000})


def test_one_object_or_a_folder_or_all(gateway_place: Place) -> None:
    gateway_place.fill({"a/v1": b"file", "a/v1-notes": b"notes", "b/x/y": b"deep", "top": b"top"})
    assert read(gateway_place.source("a/v1")).content.digests == digests({"v1": b"file"})
    assert read(gateway_place.source("b")).content.digests == digests({"x/y": b"deep"})
    assert read(gateway_place.source("top", into="in")).content.digests == digests({"in/top": b"top"})
    assert set(read(gateway_place.source(allow=["a/"])).content.digests) == {"a/v1", "a/v1-notes"}
    assert "no object lies there" in problems(gateway_place.source("a/v1/"))
    assert "allow and ignore leave" in problems(gateway_place.source(allow=["none"]))


def test_second_preview_reads_no_object(gateway_place: Place) -> None:
    gateway_place.fill({"a.bin": b"a" * 100, "b.bin": b"b" * 100})
    with recording_proxy(gateway_place.connection.endpoint or "") as proxy:  # type: ignore[union-attr]
        through = Place(S3Connection(endpoint=proxy.endpoint, credentials="env:SOURCE"), gateway_place.bucket)
        first = read(through.source())
        assert any("a.bin" in exchange.path for exchange in proxy.exchanges)
        proxy.exchanges.clear()
        assert read(through.source()).content == first.content
        assert len(proxy.exchanges) == 1
        through.fill({"b.bin": b"B" * 100})
        proxy.exchanges.clear()
        assert read(through.source()).content != first.content
        assert not any("a.bin" in exchange.path for exchange in proxy.exchanges)


def test_machine_that_has_never_seen_a_large_object_reads_it_once_and_compares_it_then(
    minio_place: Place, gateway_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    minio_place.fill({"w.bin": LARGE})
    content = read(minio_place.source(into="in")).content
    assert isinstance(minio_place.connection, S3Connection)
    with recording_proxy(str(minio_place.connection.endpoint)) as proxy:
        answered: list[int] = []

        def count(exchange: Exchange, answer: Answer) -> Answer:
            answered.append(len(answer.body))
            return answer

        proxy.after = count
        through = Place(S3Connection(endpoint=proxy.endpoint, credentials="env:SOURCE"), minio_place.bucket)
        request = UploadRequest(PREFIX, "v1", content.as_inputs(), (through.source(into="in"),))
        monkeypatch.setenv("MODELSTORE_CACHE_HOME", str(tmp_path / "elsewhere"))
        upload_version(gateway_store.objects, request)
        assert len(LARGE) <= sum(answered) < len(LARGE) + MIB
    assert gateway_store.body(f"{version_prefix(PREFIX, 'v1')}in/w.bin") == LARGE
    minio_place.fill({"w.bin": LARGE[::-1]})
    changed = UploadRequest(PREFIX, "v2", content.as_inputs(), (minio_place.source(into="in"),))
    with pytest.raises(SourceChanged):
        upload_version(gateway_store.objects, changed)


def test_long_reading_is_told_of_and_short_is_not(
    gateway_place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gateway_place.fill({"a.bin": b"a" * 100})
    told: list[str] = []
    other = DigestCache(tmp_path / "other.sqlite")
    read_sources([gateway_place.source()], base=Path(), tell=told.append, cache=other)
    assert told == []
    monkeypatch.setattr(remote_digests, "_WORTH_TELLING", 100)
    read_sources([gateway_place.source()], base=Path(), tell=told.append)
    assert "without a recorded digest, 100 B: once" in told[0]
    read_sources([gateway_place.source()], base=Path(), tell=told.append)
    assert len(told) == 1


def test_version_of_this_package_is_not_read_but_taken_from_its_manifest(
    gateway_place: Place, gateway_store: Store, model: Path
) -> None:
    request = request_for(model, "v1")
    upload_version(gateway_place.objects, request)
    with recording_proxy(gateway_place.connection.endpoint or "") as proxy:  # type: ignore[union-attr]
        through = Place(S3Connection(endpoint=proxy.endpoint, credentials="env:SOURCE"), gateway_place.bucket)
        reading = read(through.source(version_prefix(PREFIX, "v1")))
        assert reading.content.as_inputs() == request.files
        asked = [exchange for exchange in proxy.exchanges if "list-type" not in exchange.query]
        assert [exchange.path.rpartition("/")[2] for exchange in asked] == ["v1.json"]
        prefix = uploaded(gateway_store, reading)
    assert gateway_store.body(f"{prefix}config.json") == (model / "config.json").read_bytes()


def test_what_the_store_refuses_is_told(gateway_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = gateway_place.source()
    assert "NoSuchBucket" in problems(missing.model_copy(update={"bucket": "no-such-bucket"}))
    monkeypatch.setenv("SOURCE_SECRET_ACCESS_KEY", "wrong-secret-key")
    refusal = problems(missing)
    assert "SignatureDoesNotMatch" in refusal
    assert "wrong-secret-key" not in refusal
    nobody = S3Connection(endpoint="http://127.0.0.1:9", credentials="env:SOURCE")
    with limited(TimeLimits(attempts=1)), pytest.raises(SourceUnavailable):
        read(missing.model_copy(update={"connection": nobody}))
    monkeypatch.delenv("SOURCE_ACCESS_KEY_ID")
    with pytest.raises(SourceUnavailable, match="SOURCE_ACCESS_KEY_ID"):
        read(missing)
