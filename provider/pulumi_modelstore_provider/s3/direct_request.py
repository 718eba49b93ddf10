"""One request that carries an object's bytes, as it goes over the wire: made of the SDK's arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_modelstore_provider.metering import meter
from pulumi_modelstore_provider.s3.addressing import BucketAddress
from pulumi_modelstore_provider.s3.connections import HttpConnections, SentRequest
from pulumi_modelstore_provider.s3.http1_answers import HttpAnswer
from pulumi_modelstore_provider.s3.signing import Headers, RequestSigner, canonical_query
from pulumi_modelstore_provider.stores.bodies import as_sent

_HEADERS = {
    "ContentType": "content-type",
    "ContentMD5": "content-md5",
    "ChecksumAlgorithm": "x-amz-sdk-checksum-algorithm",
    "ChecksumCRC32": "x-amz-checksum-crc32",
    "IfNoneMatch": "if-none-match",
    "IfMatch": "if-match",
}
_SPELLING = {name: name.title() for name in ("host", "content-type", "if-none-match", "if-match", "authorization")}
_SPELLING["content-md5"] = "Content-MD5"
_QUERY = {"PartNumber": "partNumber", "UploadId": "uploadId"}


@dataclass(frozen=True, slots=True)
class Way:
    """How requests get to the bucket: where it is, who signs them, over what, and how often each is sent at most."""

    address: BucketAddress
    signer: RequestSigner
    connections: HttpConnections
    attempts: int


class DirectRequest:
    """A PUT by `way`, with the SDK's `arguments`; it may be sent again and again."""

    def __init__(self, way: Way, arguments: Mapping[str, Any]) -> None:
        self.way = way
        self._body = arguments["Body"]
        asked = [(name, str(arguments[key])) for key, name in _QUERY.items() if key in arguments]
        self._query = canonical_query(asked) if asked else ""
        self._headers = [("host", way.address.authority)]
        self._headers += [(name, arguments[key]) for key, name in _HEADERS.items() if key in arguments]
        self._headers += [(f"x-amz-meta-{key}", value) for key, value in arguments.get("Metadata", {}).items()]
        self._path = way.address.path(arguments["Key"])
        self._url = way.address.url_of(self._path)
        self._sent: SentRequest | None = None

    def send(self) -> SentRequest:
        """Send it; `answer` waits for what comes. Raises the SDK's errors of connections, as `answer` does."""
        self._sent = self.way.connections.send(self._url, self._head(), lambda: as_sent(self._body), meter())
        return self._sent

    def answer(self) -> HttpAnswer:
        """Return the answer to what was sent; sends it where it was not, and again where the store had hung up."""
        while True:
            sent, self._sent = self._sent or self.send(), None
            received = self.way.connections.receive(self._url, sent, meter())
            if received is not None:
                return received

    def _head(self) -> bytes:
        signed = self.way.signer.signed("PUT", self._path, self._query, self._headers)
        spelled = [(_SPELLING.get(name, name), value) for name, value in signed]
        return request_head("PUT", self._path, self._query, [*spelled, ("Content-Length", str(len(self._body)))])


def request_head(method: str, path: str, query: str, headers: Headers) -> bytes:
    """Return request line and headers as they are sent, with the empty line; `path` and `query` are quoted."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    return f"{method} {path}{f'?{query}' if query else ''} HTTP/1.1\r\n{lines}\r\n".encode()
