"""A file on the web, as an upload reads it: ranges where the server knows them, in one go where it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.artifacts.byte_source import OpenBytes
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.sources.one_pass import OnePass
from pulumi_modelstore_provider.artifacts.sources.web import Address, Web
from pulumi_modelstore_provider.artifacts.sources.web_answers import begins_at, changed, cut_off, extent, fill
from pulumi_modelstore_provider.time_limits import time_limits

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse


class WebBytes:
    """The file at `address`; its digest was told by somebody else, and nothing is remembered of it here."""

    is_local = False

    def __init__(self, web: Web, address: Address, *, knows_ranges: bool = True) -> None:
        self._web, self._address, self._knows_ranges = web, address, knows_ranges

    @property
    def name(self) -> str:
        """How messages name it."""
        return self._address.name

    @contextmanager
    def open(self, entry: FileEntry) -> Iterator[OpenBytes]:
        """Open it; the first request is made by the first read."""
        with self.of_size(entry.size) as opened:
            yield opened

    @contextmanager
    def of_size(self, size: int) -> Iterator[OpenBytes]:
        """Open it where its size in bytes is all that is known."""
        opened = _OpenWebBytes(self._web, self._address, size)
        if not self._knows_ranges:
            opened.use_one_pass()
        try:
            yield opened
        finally:
            opened.close()

    def forget(self) -> None:
        """Nothing is remembered."""


class _OpenWebBytes:
    def __init__(self, web: Web, address: Address, size: int) -> None:
        self._web, self._address, self._size = web, address, size
        self._lock = threading.Lock()
        self._etag: str | None = None
        self._whole: OnePass | None = None

    def read_into(self, offset: int, buffer: memoryview) -> None:
        attempts = time_limits().attempts
        left = attempts
        while buffer:
            if self._whole is not None:
                self._whole.read_into(offset, buffer)
                return
            answer = self._web.ask(self._address, first=offset, last=offset + len(buffer) - 1)
            try:
                self._compare(answer)
                if answer.status == 200 and (offset or len(buffer) < self._size):
                    self.use_one_pass()
                    continue
                if begins_at(answer) != offset:
                    raise changed(self._address.name, "the server sends other bytes than were asked for")
                count = fill(answer, buffer)
            finally:
                answer.close()
            offset, buffer = offset + count, buffer[count:]
            left = attempts if count else left - 1
            if not left:
                raise cut_off(self._address.name)

    def recorded(self, digest: str) -> Sequence[int]:  # noqa: ARG002 - nothing is recorded of what lies elsewhere
        return ()

    def check(self) -> None:
        """Each answer was of the same file, and the digest of all of them is compared by who asks."""

    def close(self) -> None:
        if self._whole is not None:
            self._whole.close()

    def _compare(self, answer: BaseHTTPResponse) -> None:
        found = extent(answer)
        if found.size is not None and found.size != self._size:
            raise changed(self._address.name, f"it has {found.size} bytes, and had {self._size}")
        if answer.status == 416:
            raise changed(self._address.name, "it is shorter than it was")
        with self._lock:
            self._etag = self._etag or found.etag
            if found.etag and found.etag != self._etag:
                raise changed(self._address.name, f"its ETag is {found.etag}, and was {self._etag}")

    def use_one_pass(self) -> None:
        """Ask for ranges no more."""
        with self._lock:
            if self._whole is None:
                self._whole = OnePass(lambda: self._web.ask(self._address), self._address.name, self._size)
