"""Reads ranges into the caller's memory on the connections that `direct` sends on: no copy, a tenth of the SDK's time.

Only the plain case is dealt with here. Whatever else comes, a refusal, a short answer, a broken connection, is nothing:
the range is then asked for through the SDK, whose answer or error counts.
"""

from __future__ import annotations

from pulumi_modelstore_provider.metering import meter
from pulumi_modelstore_provider.s3.breakdowns import breakdowns
from pulumi_modelstore_provider.s3.direct import DirectRequests
from pulumi_modelstore_provider.s3.direct_request import Way, request_head
from pulumi_modelstore_provider.s3.http1_answers import HttpAnswer
from pulumi_modelstore_provider.s3.signing import Headers
from pulumi_modelstore_provider.stores.ranges import RangeAnswer
from pulumi_modelstore_provider.stores.started import Started

NOT_ABOUT_THE_WAY = {404, 408, 412, 416, 429, 500, 502, 503, 504}
"""Statuses that the SDK would get as well."""

_NONE: Started[RangeAnswer | None] = Started(lambda: None)


class DirectReads:
    """Ranges of one bucket's objects; threads may share it."""

    def __init__(self, sender: DirectRequests) -> None:
        """Read on the connections of `sender`, as long as it has any."""
        self._sender = sender
        self._usable = True

    def start(self, key: str, offset: int, buffer: memoryview) -> Started[RangeAnswer | None]:
        """Ask for what fills `buffer` from `offset` on.

        None comes of it where that did not come about, and what is in `buffer` then counts for nothing.
        """
        way = self._sender.way
        if way is None or not self._usable:
            return _NONE
        last = offset + len(buffer) - 1
        head = get_head(way, way.address.path(key), further=[("range", f"bytes={offset}-{last}")])
        url, watching = way.address.url(key), meter()
        try:
            sent = way.connections.send(url, head, no_body, watching)
        except breakdowns():
            return _NONE

        def read() -> RangeAnswer | None:
            try:
                answer = way.connections.exchange(url, head, no_body, watching, into=buffer, sent=sent)
            except breakdowns():
                return None
            return self._range(answer, offset, last)

        return Started(read, sent.connection.fileno() if sent.whole else None)

    def _range(self, answer: HttpAnswer, offset: int, last: int) -> RangeAnswer | None:
        etag, begin = answer.headers.get("etag"), answer.headers.get("content-range", "")
        is_range = answer.status == 206 and begin.startswith(f"bytes {offset}-{last}/")
        # An object of exactly that size may come as a whole.
        if etag is not None and (is_range or (answer.status == 200 and not offset)):
            return RangeAnswer(last + 1 - offset, etag.strip('"'))
        # A store that takes no such request is not asked again in this way.
        self._usable = answer.status in NOT_ABOUT_THE_WAY
        return None


def get_head(way: Way, path: str, query: str = "", *, further: Headers = ()) -> bytes:
    """Return the head of a GET; `path` and `query` are quoted, the names of `further` headers in small letters."""
    signed = way.signer.signed("GET", path, query, [("host", way.address.authority), *further])
    return request_head("GET", path, query, [(name.title(), value) for name, value in signed])


def no_body() -> memoryview:
    """Return what a GET sends after its head."""
    return memoryview(b"")
