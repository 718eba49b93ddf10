"""Servers on loopback that are no store, or a store behind something broken: silent, cut off, a web page, TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket, bytes], None]
"""Gets a connection and the beginning of its first request; the connection is closed when it returns."""


class FaultServer:
    """Accepts on a free port; `behaviour` may be changed at any time, and `port` freed by `stop`."""

    def __init__(self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.endpoint = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.ended.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        with connection, suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            with connection:
                request = connection.recv(65536)
                self.requests.append(request)
                self.behaviour(connection, request)

    def stop(self) -> None:
        self.ended.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)


@contextmanager
def fault_server(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> Iterator[FaultServer]:
    """Run one until the block ends."""
    server = FaultServer(behaviour, tls=tls)
    try:
        yield server
    finally:
        server.stop()


def silent(connection: socket.socket, request: bytes) -> None:
    """Accept and never answer; ends when the client goes or the server stops."""
    while connection.recv(65536):
        continue


def answering(status: str, body: bytes = b"", **headers: str) -> Behaviour:
    """Give this answer to everything; an underscore in a header's name stands for a hyphen."""

    def behave(connection: socket.socket, request: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        text = "\r\n".join([*lines, "", ""]).encode()
        connection.sendall(text if request.startswith(b"HEAD") else text + body)
        silent_half(connection)

    return behave


def silent_half(connection: socket.socket) -> None:
    """Say that nothing more comes, and take what the client still sends, so that it gets the answer."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(5)
    while connection.recv(65536):
        continue


def _headers_alone(connection: socket.socket, request: bytes) -> None:
    kind = b"Content-Type: application/xml\r\n"
    connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "e"\r\n' + kind + b"Content-Length: 500\r\n\r\n<Begun")


def stalling(connection: socket.socket, request: bytes) -> None:
    """Answer with headers and the beginning of a body, and then stop."""
    _headers_alone(connection, request)
    silent(connection, request)


def cutting(connection: socket.socket, request: bytes) -> None:
    """Break the connection within the body of an answer."""
    _headers_alone(connection, request)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def forwarding(port: int) -> Behaviour:
    """Pass everything on to a server on that loopback port."""

    def behave(connection: socket.socket, request: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as upstream:
            upstream.sendall(request)
            back = threading.Thread(target=_pump, args=(upstream, connection))
            back.start()
            _pump(connection, upstream)
            back.join(timeout=10)

    return behave


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
