"""Stores that refuse, damage, forget or lie: the right artifact or a clear error, never a wrong artifact."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, recording_proxy, refusal
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts import commits
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    ModelstoreError,
    StoreRefused,
    StoreUnreachable,
    UploadCorrupted,
    VersionConflict,
)
from pulumi_modelstore_provider.s3.bucket import open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection

SIZES = [16 * MIB, 100]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    write_parts(tmp_path / "m" / "w.bin", SIZES)
    (tmp_path / "m" / "config.json").write_text("{}")
    return tmp_path / "m"


def without_checksums(exchange: Exchange, answer: Answer) -> Answer:
    """The answers of a store that knows no checksums."""
    answer.headers = [(name, value) for name, value in answer.headers if "checksum" not in name.lower()]
    return answer


def without_anything(exchange: Exchange, answer: Answer) -> Answer:
    """The answers of a store that computes ETags in a way of its own, too."""
    answer = without_checksums(exchange, answer)
    if exchange.method == "HEAD" or (exchange.method == "PUT" and not exchange.is_part):
        answer.headers = [(n, '"of-its-own"' if n.lower() == "etag" else v) for n, v in answer.headers]
    if "list-type" in exchange.query:
        import re

        answer.body = re.sub(rb"<ETag>.*?</ETag>", b"<ETag>of-its-own</ETag>", answer.body)
    return answer


def test_store_without_checksums_is_verified_by_etag(moto_store: Store, large: Path) -> None:
    with recording_proxy(moto_store.endpoint) as proxy:
        proxy.after = without_checksums
        outcome = upload_version(moto_store.via(proxy.endpoint).objects, request_for(large))
        assert all("Content-MD5" in part.headers for part in proxy.parts)
    assert outcome.methods == {"MD5": 2}


def test_store_that_tells_nothing_is_read_back(moto_store: Store, large: Path) -> None:
    with recording_proxy(moto_store.endpoint) as proxy:
        proxy.after = without_anything
        outcome = upload_version(moto_store.via(proxy.endpoint).objects, request_for(large))
    assert outcome.methods == {"read back": 2}


def test_store_that_lies_about_a_checksum(gateway_store: Store, proxy: RecordingProxy, large: Path) -> None:
    def lie(exchange: Exchange, answer: Answer) -> Answer:
        answer.headers = [(n, "AAAAAA==" if n.lower() == "x-amz-checksum-crc32" else v) for n, v in answer.headers]
        return answer

    proxy.after = lie
    request = request_for(large)
    with pytest.raises(UploadCorrupted, match="other bytes than were sent"):
        upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert manifest_key(PREFIX, request.version) not in gateway_store.listed()


def test_bytes_damaged_on_the_way_are_sent_again(gateway_store: Store, proxy: RecordingProxy, large: Path) -> None:
    damaged: list[str] = []

    def flip(exchange: Exchange) -> None:
        if exchange.method == "PUT" and exchange.path not in damaged:
            damaged.append(exchange.path)
            exchange.body = bytes([exchange.body[0] ^ 1]) + exchange.body[1:]

    proxy.before = flip
    request = request_for(large)
    upload_version(gateway_store.via(proxy.endpoint).objects, request)
    prefix = version_prefix(PREFIX, request.version)
    assert len(damaged) == 4
    for name in ("w.bin", "config.json"):
        assert gateway_store.body(f"{prefix}{name}") == (large / name).read_bytes()


def test_bytes_always_damaged_end_in_an_error(gateway_store: Store, proxy: RecordingProxy, large: Path) -> None:
    def flip(exchange: Exchange) -> None:
        if exchange.is_part:
            exchange.body = bytes([exchange.body[0] ^ 1]) + exchange.body[1:]

    proxy.before = flip
    with pytest.raises(ModelstoreError, match=r"Cannot send part \d"):
        upload_version(gateway_store.via(proxy.endpoint).objects, request_for(large))
    assert not any("/manifests/" in key for key in gateway_store.listed())


@pytest.mark.parametrize("fault", ["cut", "slow down", "internal error"])
def test_passing_faults_are_got_over(gateway_store: Store, proxy: RecordingProxy, large: Path, fault: str) -> None:
    seen: set[tuple[str, str]] = set()

    def once(exchange: Exchange) -> Answer | None:
        if (exchange.method, exchange.path) in seen:
            return None
        seen.add((exchange.method, exchange.path))
        if fault == "cut":
            raise Cut
        return refusal(503, "SlowDown", "slow") if fault == "slow down" else refusal(500, "InternalError", "oops")

    proxy.before = once
    request = request_for(large)
    upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert gateway_store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == (large / "w.bin").read_bytes()


def test_lost_answers_of_writes_do_no_harm(gateway_store: Store, proxy: RecordingProxy, large: Path) -> None:
    """The store has done it, the client does not know: its second request meets its own work."""
    lost: set[tuple[str, str]] = set()

    def lose(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method in ("PUT", "POST") and (exchange.method, exchange.path) not in lost:
            lost.add((exchange.method, exchange.path))
            raise Cut
        return answer

    proxy.after = lose
    request = request_for(large)
    upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert len(lost) == 6
    assert gateway_store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == (large / "w.bin").read_bytes()
    assert len(gateway_store.listed()) == 3


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("if-none-match", refusal(501, "NotImplemented", "A header you provided implies functionality")),
        ("x-amz-checksum-", refusal(400, "InvalidArgument", "Unsupported header x-amz-checksum-crc32")),
    ],
)
def test_store_that_does_not_understand(
    gateway_store: Store, proxy: RecordingProxy, large: Path, header: str, answer: Answer
) -> None:
    def refuse(exchange: Exchange) -> Answer | None:
        return answer if any(name.lower().startswith(header) for name in exchange.headers) else None

    proxy.before = refuse
    request = request_for(large)
    upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert gateway_store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == (large / "w.bin").read_bytes()


def test_other_content_committed_meanwhile_is_refused(gateway_store: Store, proxy: RecordingProxy, model: Path) -> None:
    other = model.parent / "other"
    other.mkdir()
    (other / "config.json").write_text("other")
    foreign = request_for(other, "v1").files

    def commit_first(exchange: Exchange) -> None:
        if exchange.method == "PUT" and "/manifests/" in exchange.path and "v1" not in committed:
            committed.add("v1")
            text = read_source(other, base=other).manifest_json(model="llama", version="v1").encode()
            gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=manifest_key(PREFIX, "v1"), Body=text)

    committed: set[str] = set()
    proxy.before = commit_first
    with pytest.raises(VersionConflict, match="already in the store with other content"):
        upload_version(gateway_store.via(proxy.endpoint).objects, request_for(model, "v1"))
    assert foreign["config.json"][:71].encode() in gateway_store.body(manifest_key(PREFIX, "v1"))


def passing_over_conditions(store: Store) -> Callable[[Exchange], None]:
    """A store that writes in any case: what is there goes first, since the condition itself is signed."""

    def make_room(exchange: Exchange) -> None:
        if exchange.method == "PUT" and "If-None-Match" in exchange.headers:
            store.objects.delete([unquote(exchange.path.partition(f"/{store.bucket}/")[2])])

    return make_room


def test_store_that_passes_over_conditions_is_found_out(
    gateway_store: Store,
    proxy: RecordingProxy,
    model: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commits, "_SETTLING_SECONDS", 0.0)
    objects = gateway_store.via(proxy.endpoint).objects
    proxy.before = passing_over_conditions(gateway_store)
    upload_version(objects, request_for(model, "v1"))
    assert "passes over conditions of writes: upload one version of a model from one place" in caplog.text
    caplog.clear()
    upload_version(objects, request_for(model, "v2"))
    assert not caplog.text
    assert sum("/manifests/v2" in exchange.path and exchange.method == "PUT" for exchange in proxy.exchanges) == 1


def test_second_writer_on_a_store_that_passes_over_conditions(
    gateway_store: Store, proxy: RecordingProxy, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who began at the same time and wrote last wins, and the other learns of it."""
    monkeypatch.setattr(commits, "_SETTLING_SECONDS", 0.0)
    other = model.parent / "other"
    other.mkdir()
    (other / "config.json").write_text("other")
    theirs = read_source(other, base=other).manifest_json(model="llama", version="v1").encode()

    def overwrite(exchange: Exchange, answer: Answer) -> Answer:
        written = [one for one in proxy.exchanges if one.method == "PUT" and "/manifests/" in one.path]
        if len(written) == 2:
            gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=manifest_key(PREFIX, "v1"), Body=theirs)
        return answer

    proxy.before, proxy.after = passing_over_conditions(gateway_store), overwrite
    with pytest.raises(VersionConflict, match="already in the store with other content"):
        upload_version(gateway_store.via(proxy.endpoint).objects, request_for(model, "v1"))


def test_store_that_passes_over_checksums_is_told_md5s(
    gateway_store: Store, proxy: RecordingProxy, model: Path
) -> None:
    proxy.after = without_checksums
    outcome = upload_version(gateway_store.via(proxy.endpoint).objects, request_for(model))
    assert outcome.methods == {"MD5": 2}
    manifest = next(one for one in proxy.exchanges if "/manifests/" in one.path and one.body)
    assert "Content-MD5" in manifest.headers


def test_file_overwritten_by_somebody_else_is_noticed(gateway_store: Store, proxy: RecordingProxy, model: Path) -> None:
    key = f"{PREFIX}v1/config.json"

    def overwrite(exchange: Exchange) -> None:
        if "list-type" in exchange.query and key in gateway_store.listed():
            gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=key, Body=b"theirs")

    proxy.before = overwrite
    with pytest.raises(VersionConflict, match="Somebody else is uploading"):
        upload_version(gateway_store.via(proxy.endpoint).objects, request_for(model, "v1"))
    assert manifest_key(PREFIX, "v1") not in gateway_store.listed()


def test_wrong_secret(gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "not-the-right-secret")
    with pytest.raises(StoreRefused, match=r"SignatureDoesNotMatch.*Check the secret access key") as refused:
        upload_version(gateway_store.objects, request_for(model))
    assert "not-the-right-secret" not in str(refused.value)


def test_unknown_key(gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "AKIANOBODY")
    with pytest.raises(StoreRefused, match=r"InvalidAccessKeyId.*Check the access key id"):
        upload_version(gateway_store.objects, request_for(model))


def test_no_credentials(gateway_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORE_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsUnavailable, match="STORE_SECRET_ACCESS_KEY not set"):
        open_bucket(gateway_store.connection, gateway_store.bucket)


def test_missing_bucket(gateway_store: Store, model: Path) -> None:
    missing = open_bucket(gateway_store.connection, "no-such-bucket-here")
    with pytest.raises(StoreRefused, match=r"NoSuchBucket.*Check the bucket's name"):
        upload_version(missing, request_for(model))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_listens(model: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "secret-nobody-hears")
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
        objects = open_bucket(S3Connection(endpoint=endpoint, credentials="env:STORE"), "bucket")
        with pytest.raises(StoreUnreachable, match=rf"{endpoint}.*Check the endpoint and the network"):
            upload_version(objects, request_for(model))


def test_tls_where_there_is_none(gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    endpoint = gateway_store.endpoint.replace("http:", "https:")
    objects = open_bucket(S3Connection(endpoint=endpoint, credentials="env:STORE"), gateway_store.bucket)
    with pytest.raises(StoreUnreachable, match="check that the endpoint speaks TLS"):
        upload_version(objects, request_for(model))


def test_secrets_are_in_no_request_line(gateway_store: Store, proxy: RecordingProxy, model: Path) -> None:
    upload_version(gateway_store.via(proxy.endpoint).objects, request_for(model))
    secret = os.environ["STORE_SECRET_ACCESS_KEY"]
    assert proxy.exchanges
    assert not any(secret in exchange.path or secret in str(exchange.headers) for exchange in proxy.exchanges)
