"""What stands before the emulator of Google Cloud Storage: who may do what, and the conditions that it does not know.

It gives access tokens for JSON keys, asks `Iam` at each request, answers the management of accounts and keys itself,
keeps what a bucket was declared with, and passes everything else on.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from servers.gcs_iam import Iam, IamRefused
from servers.gcs_management import Answer, Management

_OBJECT = re.compile(r"(/download|/upload)?/storage/v1/b/(?P<bucket>[^/]+)/o(/(?P<name>[^/]+))?(?P<rest>/.*)?")
_BUCKET = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)")
_POLICY = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/iam")
_ACCOUNTS = re.compile(r"/v1/projects/[^/]+/serviceAccounts(/(?P<email>[^/]+)(?P<keys>/keys(/(?P<key>[^/]+))?)?)?")
_HMAC = re.compile(r"/storage/v1/projects/[^/]+/hmacKeys(/(?P<key>[^/]+))?")
_KEPT = ("iamConfiguration", "lifecycle", "logging", "location", "labels", "softDeletePolicy")
_ON_OBJECT = {"GET": "storage.objects.get", "DELETE": "storage.objects.delete", "PATCH": "storage.objects.update"}
_OF_CONNECTION = {"connection", "transfer-encoding", "content-length", "date"}


class Front(ThreadingHTTPServer):
    """Listens on a free loopback port.

    `damages` uploads still to come have a byte of their content changed on the way; `unavailable` requests still to
    come are answered with 503. `foreign` buckets belong to another project. `requests` has each method and path, and
    `before` is called with them first: a ConnectionError in it leaves the request without an answer.
    """

    daemon_threads = True

    def __init__(self, *, upstream: int, iam: Iam) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream, self.iam = upstream, iam
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"http://{self.host}"
        self.damages = 0
        self.unavailable = 0
        self.foreign: set[str] = set()
        self.declared: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda method, path: None


class _Handler(Management, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _respond(self) -> None:
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else self._chunks()
        self.server.requests.append((self.command, self.path))
        try:
            self.server.before(self.command, self.path)
        except ConnectionError:
            self.close_connection = True
            return
        try:
            answer = self._answer(urlsplit(self.path), body)
        except IamRefused as refused:
            answer = Answer.refused(refused.status, str(refused))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - the base class's names

    def _chunks(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return b""
        found = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(found)

    def _answer(self, url: Any, body: bytes) -> Answer:
        front, query = self.server, {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/token":
            return self._token(body)
        if front.unavailable:
            front.unavailable -= 1
            return Answer.refused(503, "Backend Error")
        if "X-Goog-Signature" in query:
            return self._forward(body)
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        who = front.iam.who(token if scheme == "Bearer" else None)
        if who is None:
            return Answer.refused(401, "Anonymous caller does not have this access, or Invalid Credentials")
        for form, handle in (
            (_ACCOUNTS, self._accounts),
            (_HMAC, self._hmac_keys),
            (_POLICY, self._policy),
            (_OBJECT, self._object),
            (_BUCKET, self._bucket),
        ):
            if (place := form.fullmatch(url.path)) is not None:
                parts = {name: unquote(value) for name, value in place.groupdict().items() if value is not None}
                return handle(who, parts, query, body)
        if url.path == "/storage/v1/b":
            return self._buckets(who, query, body)
        return Answer.refused(404, f"Nothing is known here of {self.command} {url.path}")

    def _token(self, body: bytes) -> Answer:
        asked = parse_qs(body.decode())
        try:
            token = self.server.iam.token_for(asked.get("assertion", [""])[0])
        except IamRefused as refused:
            return Answer.of({"error": "invalid_grant", "error_description": str(refused)}, 400)
        return Answer.of({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _require(self, who: str, permission: str, bucket: str, *, name: str = "") -> None:
        if bucket in self.server.foreign or not self.server.iam.allows(who, permission, bucket, name=name):
            on = "object" if name else "bucket"
            message = f"{who} does not have {permission} access to the Google Cloud Storage {on}."
            raise IamRefused(403, f"{message} Permission '{permission}' denied on resource (or it may not exist).")

    def _buckets(self, who: str, query: Mapping[str, str], body: bytes) -> Answer:
        self._administrator(who)
        if self.command == "POST":
            declared = json.loads(body)
            if declared["name"] in self.server.foreign:
                return Answer.refused(409, "The requested bucket name is not available. Please select a different name")
            answer = self._forward(body)
            if answer.status == 200:
                self.server.declared[declared["name"]] = _kept(declared)
            return self._with_declared(answer)
        return self._forward(body)

    def _bucket(self, who: str, parts: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        bucket = parts["bucket"]
        changes = {"PATCH": "storage.buckets.update", "DELETE": "storage.buckets.delete"}
        self._require(who, changes.get(self.command, "storage.buckets.get"), bucket)
        answer = self._forward(body)
        if self.command == "PATCH" and answer.status == 200:
            self.server.declared.setdefault(bucket, {}).update(_kept(json.loads(body)))
        if self.command == "DELETE" and answer.status == 200:
            self.server.declared.pop(bucket, None)
            self.server.iam.bindings.pop(bucket, None)
        return self._with_declared(answer)

    def _with_declared(self, answer: Answer) -> Answer:
        if answer.status != 200 or self.command not in ("GET", "POST", "PATCH"):
            return answer
        found = json.loads(answer.body)
        return Answer.of(found | self.server.declared.get(found.get("name", ""), {}))

    def _object(self, who: str, parts: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        bucket, name = parts["bucket"], parts.get("name", "")
        if self.path.startswith("/upload/"):
            name = name or query.get("name", "") or _named(self.headers.get("Content-Type", ""), body)
            if name:
                self._require(who, "storage.objects.create", bucket, name=name)
            # The content of a resumable upload comes with a later request, which names nothing.
            return self._forward(self._damaged(body))
        if not name:
            self._require(who, "storage.objects.list", bucket)
            return self._forward(body)
        if parts.get("rest") == "/compose":
            self._require(who, "storage.objects.create", bucket, name=name)
            return self._compose(bucket, name, query, body)
        permission = _ON_OBJECT.get(self.command, "storage.objects.create")
        self._require(who, permission, bucket, name=name)
        if self.command == "DELETE":
            self._condition(bucket, name, query)
        return self._forward(body)

    def _compose(self, bucket: str, name: str, query: Mapping[str, str], body: bytes) -> Answer:
        for source in json.loads(body)["sourceObjects"]:
            if self._generation(bucket, source["name"]) == 0:
                return Answer.refused(404, f"No such object: {bucket}/{source['name']}")
        self._condition(bucket, name, query)
        return self._forward(body)

    def _condition(self, bucket: str, name: str, query: Mapping[str, str]) -> None:
        wanted = query.get("ifGenerationMatch")
        if wanted is not None and int(wanted) != self._generation(bucket, name):
            raise IamRefused(412, "At least one of the pre-conditions you specified did not hold.")

    def _generation(self, bucket: str, name: str) -> int:
        from urllib.parse import quote

        found = self._upstream("GET", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}", {}, b"")
        return int(json.loads(found.body)["generation"]) if found.status == 200 else 0

    def _damaged(self, body: bytes) -> bytes:
        sends_content = "multipart" in self.path or self.command == "PUT"
        if not self.server.damages or not sends_content or not body:
            return body
        self.server.damages -= 1
        # Before the last boundary, where the content ends.
        at = len(body) - (body[::-1].find(b"--", 2) if "multipart" in self.path else 0) - 8
        return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]

    def _forward(self, body: bytes) -> Answer:
        headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
        return self._upstream(self.command, self.path, headers, body)

    def _upstream(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)
        try:
            given = {name: value for name, value in headers.items() if name.lower() != "content-length"}
            if body or method in ("POST", "PUT", "PATCH"):
                given["Content-Length"] = str(len(body))
            connection.request(method, path, body=body, headers=given)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_CONNECTION}
            return Answer(answer.status, kept, answer.read())
        finally:
            connection.close()


def _kept(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {name: declared[name] for name in _KEPT if name in declared}


def _named(content_type: str, body: bytes) -> str:
    """The object that the JSON in the body of an upload names; empty for content without."""
    if content_type.startswith("application/json"):
        return str(json.loads(body or b"{}").get("name", ""))
    if not content_type.startswith("multipart/related"):
        return ""
    found = re.search(rb"\r\n\r\n(\{.*?\})\r\n", body, re.DOTALL)
    return str(json.loads(found[1]).get("name", "")) if found else ""
