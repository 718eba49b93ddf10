"""Requests on connections of the package's own: early answers, lost connections, refusals, and the SDK taking over."""

from __future__ import annotations

import fcntl
import select
import socket
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider.fault_server import Behaviour, FaultServer, answering, fault_server, silent
from provider.recording_proxy import Answer, Exchange, RecordingProxy, refusal
from provider.stores import MIB, Store
from pulumi_modelstore_provider.errors import StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.metering import set_meter
from pulumi_modelstore_provider.s3 import connections
from pulumi_modelstore_provider.s3.bucket import S3Bucket, open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.part_sums import sum_of
from pulumi_modelstore_provider.stores.protocol import OpenUpload
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.certificates import self_signed

UPLOAD = OpenUpload("k", "u", uses_crc32=True)
DENIED = b"<Error><Code>AccessDenied</Code><Message>not here</Message></Error>"
DONE = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nx-amz-checksum-crc32: AAAAAA==\r\nContent-Length: 0\r\n\r\n'


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "secret-of-nobody")
    with limited(TimeLimits(connect=2.0, read=0.5, attempts=3)):
        yield


def bucket_at(endpoint: str, **connection: Any) -> S3Bucket:
    return open_bucket(S3Connection(endpoint=endpoint, credentials="env:STORE", **connection), "bucket")


def received(connection: socket.socket, request: bytes) -> bytes:
    """The whole request, of which `request` has come."""
    head, _, begun = request.partition(b"\r\n\r\n")
    body = bytearray(begun)
    length = next(int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: "))
    while len(body) < length:
        body += connection.recv(1 << 20)
    return head + b"\r\n\r\n" + bytes(body)


def refusing_early(connection: socket.socket, request: bytes) -> None:
    """Answer as soon as the headers are there, and hang up on the body."""
    # Else TLS tickets that nobody has acknowledged yet hold the answer back, and it is gone with the connection.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(DENIED), DENIED))


def refusing_while_all_stands_still(connection: socket.socket, request: bytes) -> None:
    """Answer when the client waits to send more; take nothing, and keep the connection."""
    queued = -1
    while queued != (queued := received_and_unread(connection)):
        threading.Event().wait(0.05)
    refusing_early(connection, request)
    gone = select.poll()
    gone.register(connection, 0)
    gone.poll(5000)


def received_and_unread(connection: socket.socket) -> int:
    """Bytes that the system holds for it."""
    return int.from_bytes(fcntl.ioctl(connection.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def refusing_and_listening(connection: socket.socket, request: bytes) -> None:
    """Answer as early, and take what still comes."""
    refusing_early(connection, request)
    silent(connection, request)


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    "behaviour",
    [refusing_early, refusing_while_all_stands_still, refusing_and_listening],
    ids=["hanging up", "keeping the connection", "listening"],
)
def test_answer_that_comes_before_the_body_is_sent_is_heard(tls: bool, behaviour: Behaviour, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with fault_server(behaviour, tls=certificate.context() if tls else None) as server:
        bucket = bucket_at(server.endpoint, ca_bundle=str(certificate.ca_bundle) if tls else None)
        with pytest.raises(StoreRefused, match=r"AccessDenied: not here.*Check that the key may do this") as refused:
            bucket.send_part(UPLOAD, 1, bytes(64 * MIB))
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)


def test_early_answer_to_what_is_sent_ahead_is_not_waited_for() -> None:
    """What was read of it while the body went would not show on the connection again."""

    came = threading.Event()

    def well_and_then_refusing(connection: socket.socket, request: bytes) -> None:
        received(connection, request)
        connection.sendall(DONE)
        connection.recv(65536)
        came.set()
        refusing_and_listening(connection, b"")

    body = memoryview(bytes(64 * MIB))
    with fault_server(well_and_then_refusing) as server:
        bucket = bucket_at(server.endpoint)
        bucket.put("a", b"x", content_type="x/y")
        started = bucket.start_put("b", body, content_type="x/y", metadata={}, if_absent=False, sums=sum_of(body))
        assert came.wait(5)
        assert started.answered_on is None
        with pytest.raises(StoreRefused, match="AccessDenied: not here"):
            started.finish()


def test_word_that_the_request_goes_on_is_no_answer() -> None:
    bodies: list[bytes] = []

    def going_on(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        bodies.append(received(connection, request).partition(b"\r\n\r\n")[2])
        connection.sendall(DONE)

    with fault_server(going_on) as server:
        bucket_at(server.endpoint).send_part(UPLOAD, 1, bytes(16 * MIB))
    assert bodies == [bytes(16 * MIB)]


def test_connection_is_kept_and_replaced_when_the_store_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it hangs up just as the next request is on its way."""
    opened: list[str] = []
    real = connections.HttpConnections._open
    monkeypatch.setattr(connections.HttpConnections, "_open", lambda self, url: opened.append(url) or real(self, url))
    hung_up = threading.Event()

    def twice_then_gone(connection: socket.socket, request: bytes) -> None:
        received(connection, request)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + DONE)
        if later := connection.recv(65536):
            received(connection, later)
            connection.sendall(DONE)
        connection.shutdown(socket.SHUT_RDWR)
        hung_up.set()

    with fault_server(twice_then_gone) as server:
        bucket = bucket_at(server.endpoint)
        bucket.put("a", b"1", content_type="x/y")
        bucket.put("b", b"2", content_type="x/y")
        assert len(opened) == 1
        assert hung_up.wait(5)
        bucket.put("c", b"3" * MIB, content_type="x/y")
    assert len(opened) == 2


def test_what_passes_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[bytes] = []

    def third_time(connection: socket.socket, request: bytes) -> None:
        bodies.append(received(connection, request).partition(b"\r\n\r\n")[2])
        if len(bodies) == 1:
            answering("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>")(connection, request)
        elif len(bodies) == 3:
            connection.sendall(DONE)

    with fault_server(third_time) as server:
        part = bucket_at(server.endpoint).send_part(UPLOAD, 1, b"body" * MIB)
    assert part.etag == "e"
    assert bodies == [b"body" * MIB] * 3


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (silent, StoreUnreachable, "nothing came in time"),
        (lambda connection, request: None, StoreUnreachable, "closed before we received a valid response"),
        (
            lambda connection, request: connection.sendall(b"220 ready\r\n\r\n"),
            StoreUnreachable,
            "Connection was closed",
        ),
        (answering("429 Too Many Requests", b"slowly", Content_Type="text/plain"), StoreRefused, "slowly .HTTP 429"),
        (answering("200 OK"), StoreRefused, "without an ETag"),
    ],
)
def test_what_never_passes_ends_after_the_attempts(behaviour: Any, kind: type[Exception], words: str) -> None:
    with fault_server(behaviour) as server:
        with pytest.raises(kind, match=words):
            bucket_at(server.endpoint).put("k", b"body", content_type="x/y")
        assert len(server.requests) <= 3


def test_store_that_wants_signed_bodies_gets_them_from_the_sdk(gateway: Store, proxy: RecordingProxy) -> None:
    def want_signed(exchange: Exchange) -> Answer | None:
        if exchange.headers.get("x-amz-content-sha256") == "UNSIGNED-PAYLOAD":
            return refusal(400, "InvalidRequest", "the body has to be signed")
        return None

    proxy.before = want_signed
    objects = gateway.via(proxy.endpoint).objects
    for key in ("a", "b", "c"):
        objects.put(key, memoryview(b"body"), content_type="x/y")
    unsigned = [one for one in proxy.exchanges if one.headers.get("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"]
    assert len(unsigned) == 1
    assert [gateway.body(key) for key in ("a", "b", "c")] == [b"body"] * 3


@pytest.fixture
def gateway(gateway_store: Store, monkeypatch: pytest.MonkeyPatch, versitygw: Any) -> Store:
    """The gateway with its own key again."""
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", versitygw.access_key_id)
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", versitygw.secret_access_key)
    return gateway_store


def test_refusal_that_the_sdk_meets_as_well_changes_nothing(gateway: Store, proxy: RecordingProxy) -> None:
    """The first refusal is looked at twice, later ones are taken as they are."""
    objects = gateway.via(proxy.endpoint).objects
    proxy.before = lambda exchange: refusal(403, "AccessDenied", "no")
    with pytest.raises(StoreRefused):
        objects.put("a", b"1", content_type="x/y")
    assert len(proxy.exchanges) == 2
    proxy.before = lambda exchange: None
    objects.put("a", b"1", content_type="x/y")
    proxy.exchanges.clear()
    proxy.before = lambda exchange: refusal(403, "AccessDenied", "no")
    with pytest.raises(StoreRefused):
        objects.put("a", b"1", content_type="x/y")
    assert [one.headers["x-amz-content-sha256"] for one in proxy.exchanges] == ["UNSIGNED-PAYLOAD"]


def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with fault_server(answering("200 OK", ETag='"e"')) as server:
        monkeypatch.setenv("HTTP_PROXY", server.endpoint)
        monkeypatch.setenv("http_proxy", server.endpoint)
        bucket_at("http://store.example").put("k", b"body", content_type="x/y")
        assert server.requests[0].startswith(b"PUT http://store.example/bucket/k ")


class Counting:
    """A meter that notes what passes."""

    piece = 256 << 10

    def __init__(self) -> None:
        self.passed: list[int] = []

    def passing(self, count: int) -> None:
        self.passed.append(count)


def test_meter_sees_small_pieces_of_each_body() -> None:
    def well(connection: socket.socket, request: bytes) -> None:
        while request:
            received(connection, request)
            connection.sendall(DONE)
            request = connection.recv(65536)

    counting = Counting()

    def send(server: FaultServer) -> None:
        set_meter(counting)
        bucket = bucket_at(server.endpoint)
        bucket.send_part(UPLOAD, 1, bytearray(MIB + 5))
        bucket.put("k", b"body", content_type="x/y")

    with fault_server(well) as server:
        # In a thread of its own, whose meter ends with it.
        thread = threading.Thread(target=send, args=(server,))
        thread.start()
        thread.join()
    assert counting.passed == [256 << 10] * 4 + [5, 4]
