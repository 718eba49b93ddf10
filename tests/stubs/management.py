"""A management interface at HTTP level: it answers what its documents describe and refuses everything else.

What is refused because the documents know nothing of it (path, method, parameter, field, type) is a `violation`; the
context manager of a stub fails the test with them. Refusals that the documents describe are plain answers.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest


@dataclass(frozen=True)
class Request:
    """One request. `body` is its JSON, None where there is none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What the client gets, as JSON; None for no content."""

    status: int
    content: Any = None


class Refused(Exception):
    """A refusal that the documents describe."""

    def __init__(self, status: int, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True)
class Operation:
    """One documented operation.

    Args:
        method: of HTTP.
        path: a pattern; each `{}` stands for one segment, given to `handle` after the request.
        handle: answers, or raises Refused.
        query: names of the parameters it knows.
        body: names of the fields it knows, each with its type; None where it takes no body.
        required: fields without which it is refused.
        authenticated: whether it needs the client to have said who it is.
    """

    method: str
    path: str
    handle: Callable[..., Answer]
    query: frozenset[str] = frozenset()
    body: Mapping[str, type | tuple[type, ...]] | None = None
    required: frozenset[str] = frozenset()
    authenticated: bool = True

    def segments(self, path: str) -> Sequence[str] | None:
        """The parts that stand for `{}`, None where the path is another one."""
        pattern = re.escape(self.path).replace(r"\{\}", "([^/]+)")
        found = re.fullmatch(pattern, path)
        return None if found is None else [unquote(part) for part in found.groups()]


@dataclass
class ManagementStub:
    """Serves `operations`; a subclass says who may ask and how refusals look."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    before: Callable[[Request], Answer | None] = lambda request: None
    """A fault: its answer is sent in the place of the real one, and what it raises or waits for happens."""
    after: Callable[[Request, Answer], Answer | None] = lambda request, answer: answer
    """What becomes of an answer whose operation was done; None breaks the connection."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    name: ClassVar[str] = ""

    def operations(self) -> Sequence[Operation]:
        raise NotImplementedError

    def authenticate(self, request: Request) -> None:
        """Raise Refused for a client that is nobody."""
        raise NotImplementedError

    def refusal(self, error: Refused) -> Answer:
        """A refusal in this interface's form."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer | None:
        self.requests.append(request)
        early = self.before(request)
        if early is not None:
            return early
        try:
            with self.lock:
                done = self._dispatch(request)
        except Refused as error:
            return self.refusal(error)
        return self.after(request, done)

    def _dispatch(self, request: Request) -> Answer:
        at_path = [
            (operation, parts)
            for operation in self.operations()
            if (parts := operation.segments(request.path)) is not None
        ]
        if not at_path:
            raise self._violation(request, 404, "the documents know no such path")
        for operation, parts in at_path:
            if operation.method == request.method:
                if operation.authenticated:
                    self.authenticate(request)
                self._check(operation, request)
                return operation.handle(request, *parts)
        raise self._violation(request, 405, "the documents know no such method here")

    def _check(self, operation: Operation, request: Request) -> None:
        unknown = sorted(request.query.keys() - operation.query)
        if unknown:
            raise self._violation(request, 400, f"unknown parameters {unknown}")
        if operation.body is None:
            if request.body is not None:
                raise self._violation(request, 400, "takes no body")
            return
        body = {} if request.body is None else request.body
        if not isinstance(body, dict):
            raise self._violation(request, 400, "takes an object")
        for name, value in body.items():
            if name not in operation.body:
                raise self._violation(request, 400, f"unknown field {name!r}")
            kinds = operation.body[name]
            # bool is an int to isinstance, not to an interface.
            if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is int):
                raise self._violation(request, 400, f"field {name!r} has another type")
        missing = sorted(operation.required - body.keys())
        if missing:
            raise self._violation(request, 400, f"fields {missing} are missing")

    def _violation(self, request: Request, status: int, reason: str) -> Refused:
        self.violations.append(f"{request.method} {request.path}: {reason}")
        return Refused(status, reason)


@contextmanager
def serving(stub: Any, *, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Serve the stub on a free loopback port until the block ends, then fail with its violations.

    Args:
        stub: a ManagementStub; its `url` is set.
        tls: the server's side of TLS, to speak it.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(text) if text else None,
            )
            answer = stub.answer(request)
            if answer is None:
                self.close_connection = True
                return
            content = b"" if answer.content is None else json.dumps(answer.content).encode()
            self.send_response_only(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that gave up is part of some tests."""

    for method in ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"):
        setattr(Handler, f"do_{method}", Handler.serve)
    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    stub.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    if stub.violations:
        pytest.fail(f"{stub.name} was asked what its documents do not know: {'; '.join(stub.violations)}")
