"""Ranges of objects on each kind of store: exactly the bytes that were asked for, of one object, or an error."""

from __future__ import annotations

import datetime
import itertools
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from provider.azure_store import azure_store
from provider.fault_server import fault_server, forwarding
from provider.recording_proxy import Answer, Exchange, RecordingProxy, recording_proxy, refusal
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.pull import pull
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import NotInStore, ObjectChanged, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.gcs import bucket as gcs_bucket
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.s3.bucket import open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.protocol import ObjectStore
from servers.azurite import Azurite
from servers.certificates import self_signed
from servers.gcs import GcsServer

BODY = bytes(range(251)) * 4200
CONTENT = "application/octet-stream"


@dataclass
class Behind:
    """A bucket that is reached through a proxy."""

    objects: ObjectStore
    proxy: RecordingProxy

    def reads(self) -> int:
        return sum(exchange.method == "GET" and "list" not in exchange.path for exchange in self.proxy.exchanges)


def _s3(request: pytest.FixtureRequest, name: str) -> Iterator[Behind]:
    store: Store = request.getfixturevalue(name)
    with recording_proxy(store.endpoint) as proxy:
        yield Behind(store.via(proxy.endpoint).objects, proxy)


def _azure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    server: Azurite = request.getfixturevalue("azurite")
    for variable, value in server.environment().items():
        monkeypatch.setenv(variable, value)
    with recording_proxy(server.endpoint.rsplit("/", 1)[0]) as proxy:
        yield Behind(azure_store(server).via(proxy).objects, proxy)


def _gcs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    server: GcsServer = request.getfixturevalue("gcs")
    for variable, value in server.environment().items():
        monkeypatch.setenv(variable, value)
    with recording_proxy(server.endpoint) as proxy:
        connection = GcsConnection(
            endpoint=proxy.endpoint, project=server.project, location="EU", credentials="env:GCS"
        )
        made = gcs_bucket.open_bucket(connection, f"ranges-{secrets.token_hex(6)}")
        made.create_bucket()
        yield Behind(made, proxy)


@pytest.fixture(params=["versitygw", "minio", "azurite", "gcs"])
def behind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    if request.param == "azurite":
        yield from _azure(request, monkeypatch)
    elif request.param == "gcs":
        yield from _gcs(request, monkeypatch)
    else:
        yield from _s3(request, {"versitygw": "gateway_store", "minio": "minio_store"}[request.param])


@pytest.fixture
def behind_gateway(gateway_store: Store, proxy: RecordingProxy) -> Behind:
    return Behind(gateway_store.via(proxy.endpoint).objects, proxy)


def read(objects: ObjectStore, offset: int, size: int, *, etag: str | None = None) -> bytes:
    room = bytearray(size)
    objects.read_into("k", offset, memoryview(room), etag=etag)
    return bytes(room)


def test_ranges_of_one_object(behind: Behind) -> None:
    objects = behind.objects
    objects.put("k", BODY, content_type=CONTENT)
    head = objects.head("k")
    assert head is not None
    with ThreadPoolExecutor(8) as threads:
        ends = [0, 1, 65536, 65537, 700_000, len(BODY)]
        ranges = list(itertools.pairwise(ends))
        found = list(threads.map(lambda ends: read(objects, ends[0], ends[1] - ends[0], etag=head.etag), ranges))
    assert b"".join(found) == BODY
    assert read(objects, 3, 0) == b""
    (listed,) = objects.list("k")
    assert (listed.etag, listed.size) == (head.etag, len(BODY))
    assert listed.modified is not None
    assert abs(listed.modified - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(hours=1)


def test_object_that_is_not_the_one_that_was_looked_at(behind: Behind) -> None:
    objects = behind.objects
    old = objects.put("k", BODY, content_type=CONTENT).etag
    objects.put("k", BODY[::-1], content_type=CONTENT)
    with pytest.raises(ObjectChanged, match="was changed while it was read"):
        read(objects, 5, 10, etag=old)
    for offset in (len(BODY) - 5, len(BODY) + 5):
        with pytest.raises(ObjectChanged):
            read(objects, offset, 10)
    objects.delete(["k"])
    with pytest.raises(NotInStore):
        read(objects, 0, 10)


def test_version_is_sent_and_pulled(behind: Behind, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "w.bin", [16 * MIB, 7])
    (tmp_path / "m" / "config.json").write_text("{}")
    manifest = upload_version(behind.objects, request_for(tmp_path / "m", "v1")).manifest
    pull(behind.objects, manifest.content, version_prefix(PREFIX, "v1"), tmp_path / "there")
    assert (tmp_path / "there" / "w.bin").read_bytes() == body
    assert (tmp_path / "there" / "config.json").read_text() == "{}"


def test_answer_that_is_cut_off(behind: Behind) -> None:
    behind.objects.put("k", BODY, content_type=CONTENT)
    cuts = iter([1000, 70_000, 0])

    def cut(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method == "GET" and answer.status in (200, 206):
            answer.cut = next(cuts, None)
        return answer

    behind.proxy.after = cut
    assert read(behind.objects, 7, 500_000) == BODY[7:500_007]


def test_object_that_changes_between_two_cuts(behind_gateway: Behind) -> None:
    behind_gateway.objects.put("k", BODY, content_type=CONTENT)

    def cut_and_change(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method == "GET" and behind_gateway.reads() <= 2:
            # Of the first one nothing is kept, and of the second its beginning.
            answer.cut = 2000
        elif exchange.method == "GET":
            answer.headers = [(n, '"another"' if n.lower() == "etag" else v) for n, v in answer.headers]
        return answer

    behind_gateway.proxy.after = cut_and_change
    with pytest.raises(ObjectChanged, match="its ETag is another, and was"):
        read(behind_gateway.objects, 0, 500_000)


def test_what_only_ever_breaks_off(behind_gateway: Behind) -> None:
    behind_gateway.objects.put("k", BODY, content_type=CONTENT)

    def nothing(exchange: Exchange, answer: Answer) -> Answer:
        answer.cut = 0
        return answer

    behind_gateway.proxy.after = nothing
    with pytest.raises(StoreUnreachable, match="Cannot read the object"):
        read(behind_gateway.objects, 0, 100)
    assert behind_gateway.reads() == 8, "four times, each on a connection of our own and through the SDK"


def test_store_that_takes_no_plain_request(behind_gateway: Behind) -> None:
    """It is asked once in that way, and through the SDK from then on."""
    behind_gateway.objects.put("k", BODY, content_type=CONTENT)
    plain: list[Exchange] = []

    def refuse(exchange: Exchange) -> Answer | None:
        if exchange.method == "GET" and exchange.headers.get("X-Amz-Content-Sha256") == "UNSIGNED-PAYLOAD":
            plain.append(exchange)
            return refusal(403, "SignatureDoesNotMatch", "not so")
        return None

    behind_gateway.proxy.before = refuse
    for offset in (0, 7, 9):
        assert read(behind_gateway.objects, offset, 500) == BODY[offset : offset + 500]
    assert len(plain) == 1


def test_store_that_passes_over_ranges(behind_gateway: Behind) -> None:
    behind_gateway.objects.put("k", BODY, content_type=CONTENT)

    def whole(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method == "GET":
            return Answer(200, [(n, v) for n, v in answer.headers if n.lower() != "content-range"], BODY)
        return answer

    behind_gateway.proxy.after = whole
    with pytest.raises(StoreRefused, match="does not read ranges"):
        read(behind_gateway.objects, 5, 10)
    assert read(behind_gateway.objects, 0, 10) == BODY[:10]


def test_ranges_over_tls(gateway_store: Store, tmp_path: Path) -> None:
    gateway_store.objects.put("k", BODY, content_type=CONTENT)
    certificate = self_signed(tmp_path)
    port = urlsplit(gateway_store.endpoint).port
    assert port is not None
    with fault_server(forwarding(port), tls=certificate.context()) as front:
        trusted = S3Connection(
            endpoint=front.endpoint, credentials=gateway_store.credentials, ca_bundle=str(certificate.ca_bundle)
        )
        objects = open_bucket(trusted, gateway_store.bucket)
        assert read(objects, 0, len(BODY)) == BODY
        for offset in (0, 7, 70_000):
            assert read(objects, offset, 100_000) == BODY[offset : offset + 100_000]
        assert not [request for request in front.requests if b"Boto3" in request], "none of the SDK"
