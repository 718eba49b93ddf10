"""Answers that break HTTP or come at the wrong time: asked for again or an error, and never taken for another's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provider.fault_server import answering, fault_server, silent
from pulumi_modelstore_provider.errors import StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.s3.bucket import S3Bucket, open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.protocol import OpenUpload
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.certificates import signed

UPLOAD = OpenUpload("k", "u", uses_crc32=True)
DONE = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nx-amz-checksum-crc32: AAAAAA==\r\nContent-Length: 0\r\n\r\n'
PART = b'HTTP/1.1 206 Partial Content\r\nETag: "e"\r\nContent-Range: bytes 0-3/4\r\n'


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "secret-of-nobody")
    with limited(TimeLimits(connect=2.0, read=0.5, attempts=2)):
        yield


def bucket_at(endpoint: str) -> S3Bucket:
    return open_bucket(S3Connection(endpoint=endpoint, credentials="env:STORE"), "bucket")


def request_of(connection: socket.socket, begun: bytes = b"") -> bytes:
    """The head of the next request, with its body taken."""
    while b"\r\n\r\n" not in begun:
        data = connection.recv(1 << 16)
        if not data:
            return b""
        begun += data
    head, _, body = begun.partition(b"\r\n\r\n")
    length = next((int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), 0)
    while len(body) < length:
        body += connection.recv(1 << 20)
    return head


def saying(answer: bytes) -> Callable[[socket.socket, bytes], None]:
    def behave(connection: socket.socket, request: bytes) -> None:
        request_of(connection, request)
        connection.sendall(answer)

    return behave


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcdefgh",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcdefgh\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nETag: e\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nETag: "e"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 \r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 19),
    ],
)
def test_answer_that_is_no_http_is_an_error_of_the_connection(answer: bytes) -> None:
    with fault_server(saying(answer)) as server:
        with pytest.raises(StoreUnreachable, match=r"Cannot write the object.*\((the answer|what came|closed)"):
            bucket_at(server.endpoint).put("k", b"body", content_type="x/y")
        assert len(server.requests) == 2


def test_success_before_the_body_is_through_is_none() -> None:
    """Whoever answers so holds other bytes than are being sent."""

    def hasty(connection: socket.socket, request: bytes) -> None:
        connection.sendall(DONE)
        silent(connection, request)

    with fault_server(hasty) as server, pytest.raises(StoreUnreachable):
        bucket_at(server.endpoint).send_part(UPLOAD, 1, bytes(64 << 20))


def test_request_that_the_server_found_too_slow_is_sent_again() -> None:
    """What lies between may hang up with 408 just as the next request is on its way."""
    done: list[bytes] = []

    def second_time(connection: socket.socket, request: bytes) -> None:
        done.append(request_of(connection, request))
        if len(done) > 1:
            connection.sendall(DONE)
        else:
            answering("408 Request Timeout", b"<html><body>408</body></html>")(connection, request)

    with fault_server(second_time) as server:
        assert bucket_at(server.endpoint).put("k", b"body", content_type="x/y").etag == "e"
    assert len(done) == 2


@pytest.mark.parametrize(
    "framing",
    [
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
        b"Content-Length: 4\r\nContent-Encoding: aws-chunked\r\n\r\ngood",
        b"Content-Length: 4\r\n\r\ngood",
    ],
)
def test_range_is_its_bytes_whatever_frames_them(framing: bytes) -> None:
    with fault_server(saying(PART + framing)) as server:
        buffer = bytearray(4)
        bucket_at(server.endpoint).read_into("k", 0, memoryview(buffer))
    assert bytes(buffer) == b"good"


def test_answer_to_nobody_is_not_taken_for_the_next_one() -> None:
    """A second answer to one request: the connection it is on is of no use any more."""
    heads: list[bytes] = []

    def twice(connection: socket.socket, request: bytes) -> None:
        while head := request_of(connection, request):
            heads.append(head)
            which = b"first" if b"/bucket/a" in head else b"second"
            answer = PART.replace(b'"e"', b'"%s"' % which) + b"Content-Length: 4\r\n\r\n" + which[:4]
            connection.sendall(answer + answer)
            request = b""

    with fault_server(twice) as server:
        bucket = bucket_at(server.endpoint)
        for key, wanted in (("a", b"firs"), ("b", b"seco"), ("a", b"firs")):
            buffer = bytearray(4)
            bucket.read_into(key, 0, memoryview(buffer))
            assert bytes(buffer) == wanted


def test_late_answer_is_not_taken_for_the_next_one() -> None:
    """The same where it comes when the first was read already."""
    first_is_read, second_is_there = threading.Event(), threading.Event()

    def behave(connection: socket.socket, request: bytes) -> None:
        while head := request_of(connection, request):
            which = b"first" if b"/bucket/a" in head else b"second"
            answer = PART.replace(b'"e"', b'"%s"' % which) + b"Content-Length: 4\r\n\r\n" + which[:4]
            connection.sendall(answer)
            if which == b"first":
                first_is_read.wait(5)
                connection.sendall(answer)
                second_is_there.set()
            request = b""

    with fault_server(behave) as server:
        bucket, buffer = bucket_at(server.endpoint), bytearray(4)
        bucket.read_into("a", 0, memoryview(buffer))
        first_is_read.set()
        assert second_is_there.wait(5)
        bucket.read_into("b", 0, memoryview(buffer))
        assert bytes(buffer) == b"seco"


LISTINGS = {
    "objects": (
        "ListBucketResult",
        "<NextContinuationToken>t</NextContinuationToken>",
        lambda bucket: list(bucket.list("")),
    ),
    "uploads": (
        "ListMultipartUploadsResult",
        "<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>",
        lambda bucket: list(bucket.open_uploads("")),
    ),
    "parts": (
        "ListPartsResult",
        "<NextPartNumberMarker>7</NextPartNumberMarker>",
        lambda bucket: bucket.stored_parts(UPLOAD),
    ),
}


@pytest.mark.parametrize("told", [True, False], ids=["the same place", "no place"])
@pytest.mark.parametrize("what", LISTINGS)
def test_listing_without_an_end_is_refused(what: str, told: bool) -> None:
    kind, marker, ask = LISTINGS[what]
    body = f"<{kind}><IsTruncated>true</IsTruncated>{marker if told else ''}</{kind}>".encode()
    with fault_server(answering("200 OK", body, Content_Type="application/xml")) as server:
        with pytest.raises(StoreRefused, match=r"The store's listing has no end"):
            ask(bucket_at(server.endpoint))
        assert len(server.requests) == (2 if told else 1)


@pytest.mark.parametrize("by", ["variable", "profile"])
def test_authorities_that_the_sdk_is_told_of_are_trusted(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_CA_BUNDLE, or ca_bundle of a profile, where the connection names none: a company's, or a proxy's."""
    certificate = signed(tmp_path)
    credentials = "env:STORE"
    if by == "variable":
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.ca_bundle))
    else:
        lines = ["[profile work]", "aws_access_key_id = id", "aws_secret_access_key = secret-of-nobody"]
        config = tmp_path / "config"
        config.write_text("\n".join([*lines, f"ca_bundle = {certificate.ca_bundle}", ""]))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        credentials = "profile:work"
    with fault_server(saying(DONE), tls=certificate.context()) as server:
        bucket = open_bucket(S3Connection(endpoint=server.endpoint, credentials=credentials), "bucket")
        assert bucket.put("k", b"body", content_type="x/y").etag == "e"
        assert b"Boto3" not in server.requests[0]


def test_bundle_that_is_not_there_is_told_as_the_sdk_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(StoreUnreachable, match=r"SSL validation failed .*No such file or directory.*ca_bundle"):
        bucket_at("https://127.0.0.1:9").put("k", b"body", content_type="x/y")
