"""A web server for tests: files with or without ranges, signed addresses that expire, and a record of each request."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True)
class Request:
    """One request, its path without percent notation."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What the client gets. `cut` sends that many bytes of the body and hangs up."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass
class WebServer:
    """A running server.

    Args:
        endpoint: its URL.
        files: what it serves, by path.
        ranges: whether it knows them.
        tells_size: whether answers have a Content-Length.
        before: answers in the place of the server where it returns something.
    """

    endpoint: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    tells_size: bool = True
    before: Callable[[Request], Answer | None] = lambda _: None
    requests: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        """The answer to one request."""
        self.requests.append(request)
        told = self.before(request)
        if told is not None:
            return told
        body = self.files.get(request.path)
        return Answer(404) if body is None else self.served(request, body)

    def served(self, request: Request, body: bytes) -> Answer:
        """A file, or the range of it that is asked for."""
        headers = {"ETag": f'"{sha256(body).hexdigest()[:16]}"'}
        asked = _RANGE.fullmatch(request.headers.get("range", "")) if self.ranges else None
        if asked is None:
            return Answer(200, body, headers)
        first = int(asked[1])
        last = min(int(asked[2]) if asked[2] else len(body) - 1, len(body) - 1)
        if first > last:
            return Answer(416, headers={**headers, "Content-Range": f"bytes */{len(body)}"})
        part = body[first : last + 1]
        return Answer(206, part, {**headers, "Content-Range": f"bytes {first}-{last}/{len(body)}"})


@contextmanager
def serving(server: WebServer) -> Iterator[WebServer]:
    """Run it on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, unquote(parts.path), dict(parse_qsl(parts.query)), headers)
            answer = server.answer(request)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if server.tells_size:
                self.send_header("Content-Length", str(len(answer.body)))
            else:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                try:
                    self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
                except OSError:
                    # The client has seen enough.
                    self.close_connection = True
            if answer.cut is not None or not server.tells_size:
                self.close_connection = True

        do_HEAD = do_GET  # noqa: N815 - as above

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is no error."""
            if not isinstance(sys.exception(), OSError):
                super().handle_error(*_)

    running = Server(("127.0.0.1", 0), Handler)
    server.endpoint = f"http://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
