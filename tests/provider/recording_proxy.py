"""An HTTP proxy in front of a store: writes down each request, and holds, refuses, damages or rewrites some."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

_HOP = {"connection", "expect", "transfer-encoding", "keep-alive"}


@dataclass
class Exchange:
    """One request; `answered` is set once the store has answered it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    answered: bool = False

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    @property
    def is_part(self) -> bool:
        return self.method == "PUT" and "partNumber" in self.query


@dataclass
class Answer:
    """What the client gets; `cut` is after how many bytes of the body the connection breaks."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    cut: int | None = None


class Cut(Exception):
    """Raised by a rule to break the connection without an answer."""


def refusal(status: int, code: str, message: str) -> Answer:
    """An S3 error."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return Answer(status, [("Content-Type", "application/xml")], body)


@dataclass
class RecordingProxy:
    """The proxy: `before` may answer in the store's place or change the body, `after` may rewrite the answer.

    `receiving` sees a request of which only the head has come: the body is taken up to the number of bytes that it
    returns, and then the connection breaks.
    """

    upstream: str
    endpoint: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    before: Callable[[Exchange], Answer | None] = lambda exchange: None
    after: Callable[[Exchange, Answer], Answer] = lambda exchange, answer: answer
    receiving: Callable[[Exchange], int | None] = lambda exchange: None

    @property
    def parts(self) -> list[Exchange]:
        return [exchange for exchange in self.exchanges if exchange.is_part]

    def handle(self, exchange: Exchange) -> Answer:
        self.exchanges.append(exchange)
        early = self.before(exchange)
        if early is not None:
            return early
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=60)
        try:
            connection.request(exchange.method, exchange.path, exchange.body, exchange.headers)
            reply = connection.getresponse()
            answer = Answer(reply.status, reply.getheaders(), reply.read())
        finally:
            connection.close()
        exchange.answered = True
        return self.after(exchange, answer)


def _whole(stream: BinaryIO, length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise Cut
    return body


@contextmanager
def recording_proxy(upstream: str) -> Iterator[RecordingProxy]:
    """Run a proxy on a free loopback port until the block ends."""
    proxy = RecordingProxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else a body waits for the client's word that the head has come.
        disable_nagle_algorithm = True

        def pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            cut_at = proxy.receiving(Exchange(self.command, self.path, headers, b""))
            if cut_at is not None:
                self.rfile.read(min(length, cut_at))
                # With a reset, whatever is still on its way.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.close_connection = True
                return
            try:
                answer = proxy.handle(Exchange(self.command, self.path, headers, _whole(self.rfile, length)))
            except (Cut, OSError):
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            sized = False
            for name, value in answer.headers:
                if name.lower() in _HOP or (name.lower() == "content-length" and self.command != "HEAD"):
                    continue
                sized = sized or name.lower() == "content-length"
                self.send_header(name, value)
            if not sized:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut])
                self.close_connection = self.close_connection or answer.cut is not None

        def log_message(self, *_: object) -> None:
            return

    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        setattr(Handler, f"do_{method}", Handler.pass_on)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
