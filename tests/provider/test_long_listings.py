"""Listings of several pages: all but the first are read by the package, and are what the SDK would have read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from provider.fault_server import FaultServer, answering
from provider.stores import Store
from pulumi_modelstore_provider.s3.bucket import open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.protocol import ListedObject

KEYS = ["a+b c.bin", "dir/%41.bin", "dir/a&b<c>.txt", "dir/q\"uote'.txt", "dir/ü 模型.gguf", "z=1;2,3@4!.json", "~.bin"]
OBJECT = (
    "<Contents><Key>{}</Key><LastModified>2026-03-01T12:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
    "<Size>7</Size></Contents>"
)


def page(*keys: str, following: str = "") -> bytes:
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{following}</NextContinuationToken>"
    objects = "".join(OBJECT.format(key) for key in keys)
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{more if following else '<IsTruncated>false</IsTruncated>'}{objects}</ListBucketResult>"
    ).encode()


class Pages(FaultServer):
    """A store of three pages; what the package itself asks is answered with `spoilt` as long as there is some."""

    def __init__(self, *spoilt: tuple[str, bytes]) -> None:
        self.asked: list[tuple[str, str]] = []
        self._spoilt = list(spoilt)
        super().__init__(self._answer)

    def _answer(self, connection: socket.socket, request: bytes) -> None:
        target = request.split(b" ", 2)[1].decode()
        token = parse_qs(urlsplit(target).query).get("continuation-token", [""])[0]
        by = "SDK" if b"amz-sdk-invocation-id" in request.lower() else "package"
        self.asked.append((by, token))
        status, body = (
            "200 OK",
            {"": page("a", following="2/+"), "2/+": page("b", following="3"), "3": page("c")}[token],
        )
        if by == "package" and self._spoilt:
            status, body = self._spoilt.pop(0)
        answering(status, body, Content_Type="application/xml")(connection, request)


def listed(server: FaultServer) -> list[str]:
    bucket = open_bucket(S3Connection(endpoint=server.endpoint, credentials="env:STORE"), "bucket")
    return [item.key for item in bucket.list("")]


@pytest.fixture
def pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "secret-of-nobody")
    server = Pages(*getattr(request, "param", ()))
    yield server
    server.stop()


def test_page_is_what_the_sdk_reads(store: Store) -> None:
    for key in KEYS:
        store.objects.put(key, key.encode(), content_type="text/plain")
    first = store.client.list_objects_v2(Bucket=store.bucket, MaxKeys=2)
    page = store.objects.lister.page("", first["NextContinuationToken"])
    assert page is not None
    assert page.following is None
    seen = {item["Key"] for item in first["Contents"]}
    rest = [item for item in store.client.list_objects_v2(Bucket=store.bucket)["Contents"] if item["Key"] not in seen]
    assert page.objects == [
        ListedObject(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"]) for item in rest
    ]
    assert sorted({item.key for item in page.objects} | seen) == sorted(KEYS)


def test_prefix_is_kept_to(gateway_store: Store) -> None:
    for key in ("m/1", "m/2", "m/3", "n/1"):
        gateway_store.objects.put(key, b"x", content_type="text/plain")
    first = gateway_store.client.list_objects_v2(Bucket=gateway_store.bucket, Prefix="m/", MaxKeys=2)
    page = gateway_store.objects.lister.page("m/", first["NextContinuationToken"])
    assert page is not None
    assert [item.key for item in page.objects] == ["m/3"]


def test_pages_follow_each_other(pages: Pages) -> None:
    assert listed(pages) == ["a", "b", "c"]
    assert pages.asked == [("SDK", ""), ("package", "2/+"), ("package", "3")]


SPOILT = {
    "no XML": ("200 OK", b"<html><br></html"),
    "another document": ("200 OK", b"<Other/>"),
    "no size": ("200 OK", page("b").replace(b"<Size>7</Size>", b"")),
    "no key": ("200 OK", page("")),
    "a signature that is refused": ("403 Forbidden", b"<Error><Code>SignatureDoesNotMatch</Code></Error>"),
}


@pytest.mark.parametrize("pages", [(spoilt,) for spoilt in SPOILT.values()], ids=SPOILT, indirect=True)
def test_store_that_answers_otherwise_is_left_to_the_sdk(pages: Pages) -> None:
    assert listed(pages) == ["a", "b", "c"]
    assert pages.asked == [("SDK", ""), ("package", "2/+"), ("SDK", "2/+"), ("SDK", "3")]


@pytest.mark.parametrize("pages", [(("503 Slow Down", b""),)], ids=["busy"], indirect=True)
def test_store_that_is_busy_is_asked_again_by_the_sdk(pages: Pages) -> None:
    assert listed(pages) == ["a", "b", "c"]
    assert pages.asked == [("SDK", ""), ("package", "2/+"), ("SDK", "2/+"), ("package", "3")]
