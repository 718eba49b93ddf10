"""The part of the Hugging Face hub that `hf download` speaks to, with one repository behind a token."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_forTheTestsOfFillsOnly"
REPOSITORY = "team/llama"


@dataclass
class Hub:
    """A running hub; files of 1,000 bytes and more have their SHA-256 told, as large files there have."""

    files: Mapping[str, bytes]
    url: str = ""
    read: list[str] = field(default_factory=list)
    """Files that were asked for, in order."""
    hold: tuple[str, int] | None = None
    """A file whose answer stops after that many bytes, until `release` is set."""
    holding: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    damage: set[str] = field(default_factory=set)
    """Files that are sent with other bytes than their digest says."""


@contextmanager
def running_hub(files: Mapping[str, bytes]) -> Iterator[Hub]:
    """Serve the files as the repository's only commit."""
    hub = Hub(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path, files = self.path.split("?")[0], self.hub.files
        match = re.fullmatch(rf"(/api/models)?/{REPOSITORY}/(revision|tree|resolve)/({COMMIT}|main)/?(.*)", path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._send(401, b"", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Ask for access"})
        elif match is None:
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "Not here"})
        elif match[2] == "resolve":
            self._file(match[4])
        elif match[2] == "tree":
            self._json([_item(name, body) for name, body in files.items()])
        else:
            self._json({"id": REPOSITORY, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]})

    def _file(self, name: str) -> None:
        body = self.hub.files[name]
        etag = hashlib.sha256(body).hexdigest() if len(body) >= 1000 else hashlib.sha1(body).hexdigest()
        if self.command == "GET":
            self.hub.read.append(name)
        if name in self.hub.damage:
            body = bytes(len(body))
        held = self.hub.hold if self.hub.hold and self.hub.hold[0] == name else None
        self._send(200, body, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'}, stop_at=held[1] if held else None)

    def _json(self, content: object) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], *, stop_at: int | None = None) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if stop_at is not None:
            self.wfile.write(body[:stop_at])
            self.hub.holding.set()
            self.hub.release.wait()
            self.close_connection = True
            return
        self.wfile.write(body)


def _item(name: str, body: bytes) -> dict[str, object]:
    found: dict[str, object] = {"type": "file", "path": name, "oid": hashlib.sha1(body).hexdigest(), "size": len(body)}
    if len(body) >= 1000:
        found["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 134}
    return found
