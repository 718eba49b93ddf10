"""The WSGI application: moto's, with changes taken one at a time and saved before they are answered."""

from __future__ import annotations

import gc
import io
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from pulumi_modelstore_sandbox.aws.stand_in.snapshot import Snapshot

# No bucket can have an underscore in its name.
IDENTITY_PATH: Final = "/_modelstore/identity"

LARGE_BODY_BYTES: Final = 1024 * 1024

_READING_ACTIONS: Final = (b"Action=Get", b"Action=List")

StartResponse = Callable[..., Any]


class Application:
    """Serves moto's services and says, to whoever asks, which process this is."""

    def __init__(self, snapshot: Snapshot, lock: threading.RLock, identity: dict[str, Any]) -> None:
        self._moto: Callable[..., Iterable[bytes]] = DomainDispatcherApplication(create_backend_app)
        self._snapshot = snapshot
        self._lock = lock
        self._identity = identity

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; the response to a change is complete, and the change on disk, before it is sent."""
        path: str = environ.get("PATH_INFO", "")
        if path == IDENTITY_PATH:
            return _answer(start_response, "200 OK", self._identity)
        if path.startswith("/moto-api"):
            # It can reset everything and switch the checking of keys off, for any page in a local browser.
            return _answer(start_response, "404 Not Found", {"error": "moto's own API is closed in the sandbox"})
        if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
            return self._moto(environ, start_response)
        body = _buffer_body(environ)
        if body.startswith(_READING_ACTIONS):
            return self._moto(environ, start_response)
        with self._lock:
            response = list(self._moto(environ, start_response))
            self._snapshot.changed()
        if int(environ.get("CONTENT_LENGTH") or 0) > LARGE_BODY_BYTES:
            # A request and what it read refer to each other: left to the collector's own pace, parts pile up.
            gc.collect()
        return response


def _buffer_body(environ: dict[str, Any]) -> bytes:
    """Read the body before the lock is taken: a slow sender holds up nobody else."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body[:64]


def _answer(start_response: StartResponse, status: str, content: dict[str, Any]) -> list[bytes]:
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
