"""A kept-alive HTTP/1.1 connection that sends bodies from the memory they lie in, and hears an answer that comes early.

`http.client` sends no body in pieces that somebody may watch, hears nothing until all is sent, and parses an answer's
headers as e-mail, which is half of the time of a small request.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pulumi_modelstore_provider.metering import Meter

_RECEIVED_AT_ONCE = 1 << 16
_SENT_WITH_THE_HEAD = 1 << 16
_LONGEST_HEAD = 1 << 18
_LAST_WORDS_SECONDS = 5.0
_MOMENT_SECONDS = 1.0

Pieces: TypeAlias = Iterable[memoryview]
"""A body in pieces, made as they are asked for."""


class Broken(OSError):
    """The connection ended, or what came was no HTTP; `answered` tells whether a part of an answer had come."""

    def __init__(self, what: str, *, answered: bool = False) -> None:
        super().__init__(what)
        self.answered = answered


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer; header names in small letters, the body empty where it went into the caller's memory."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpConnection:
    """A connection for one request after the other, by one thread at a time."""

    def __init__(self, opened: socket.socket, *, timeout: float) -> None:
        self._socket = opened
        self._timeout = timeout
        self._tls = isinstance(opened, ssl.SSLSocket)
        self._received = bytearray()
        self._poll = select.poll()
        self._poll.register(opened, select.POLLIN)
        self.reusable = True
        self._answered_at = time.monotonic()
        opened.settimeout(timeout)

    def close(self) -> None:
        """End it."""
        self.reusable = False
        self._socket.close()

    def is_fit(self) -> bool:
        """Tell whether nothing has come since the last answer: what comes unasked is an end or of no request."""
        if not self.reusable or self._received:
            return False
        # Within a moment few servers hang up: a request that one lets down goes out again anyway.
        return time.monotonic() - self._answered_at < _MOMENT_SECONDS or not self._has_come()

    def exchange(
        self,
        head: bytes,
        body: memoryview | Pieces,
        meter: Meter,
        *,
        into: memoryview | None = None,
        bare: bool = False,
    ) -> HttpAnswer:
        """Send a request and return its answer.

        Args:
            head: request line and headers, with the empty line.
            body: what follows, as it is in memory or in pieces.
            meter: is told of each piece before it goes, and of each that comes into `into`.
            into: where the body of a successful answer goes; one of another length is an error.
            bare: whether the answer has no body whatever its headers say (HEAD).

        Raises Broken where the connection ends first, TimeoutError where nothing moves in time.
        """
        try:
            whole = self._send(head, body, meter)
            return self._answer(into, bare=bare, meter=meter, whole=whole)
        except BaseException:
            self.close()
            raise

    def _send(self, head: bytes, body: memoryview | Pieces, meter: Meter) -> bool:
        """Send it all; False where an answer came first, and the rest was left."""
        try:
            if isinstance(body, memoryview):
                if len(body) <= _SENT_WITH_THE_HEAD:
                    meter.passing(len(body))
                    self._write(memoryview(head + body))
                    return True
                body = _pieces(body, meter.piece)
            self._write(memoryview(head))
            for piece in body:
                if self._has_come():
                    return False
                meter.passing(len(piece))
                self._write(piece)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            # A server that has refused closes while the body is still coming: its answer says why.
            if not self._last_words():
                raise Broken(f"ended while the request was sent: {error}") from error
            return False
        return True

    def _write(self, data: memoryview) -> None:
        while data:
            data = data[self._socket.send(data) :]

    def _has_come(self) -> bool:
        """Whether something, or the end, has come from the other side. Over TLS that may be no more than tickets."""
        if not self._poll.poll(0):
            return False
        if not self._tls:
            return True
        self._socket.settimeout(0)
        try:
            data = self._socket.recv(_RECEIVED_AT_ONCE)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except (OSError, ValueError):
            return True
        finally:
            self._socket.settimeout(self._timeout)
        self._received += data
        return True

    def _last_words(self) -> bool:
        self._socket.settimeout(min(self._timeout, _LAST_WORDS_SECONDS))
        try:
            while b"\r\n\r\n" not in self._received:
                data = self._socket.recv(_RECEIVED_AT_ONCE)
                if not data:
                    return False
                self._received += data
        except OSError:
            return False
        else:
            return True
        finally:
            self._socket.settimeout(self._timeout)

    def _answer(self, into: memoryview | None, *, bare: bool, meter: Meter, whole: bool) -> HttpAnswer:
        while True:
            status, version, headers = self._head()
            if status >= 200:
                break
        kept = version != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
        body = b""
        if bare or status in (204, 304):
            pass
        elif into is not None and status in (200, 206):
            if headers.get("content-length") != str(len(into)):
                raise Broken(f"the answer has {headers.get('content-length')} bytes, not {len(into)}", answered=True)
            self._fill(into, meter)
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
        elif "content-length" in headers:
            body = self._take(int(headers["content-length"]))
        else:
            body, kept = self._rest(), False
        self._answered_at = time.monotonic()
        if not (kept and whole) or self._received:
            self.close()
        return HttpAnswer(status, headers, body)

    def _head(self) -> tuple[int, str, dict[str, str]]:
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            if len(self._received) > _LONGEST_HEAD:
                raise Broken("the answer's headers have no end", answered=True)
            self._receive()
        lines = self._received[:end].decode("latin-1").split("\r\n")
        del self._received[: end + 4]
        version, _, rest = lines[0].partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise Broken("what came is no HTTP", answered=True)
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(rest[:3]), version, headers

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_RECEIVED_AT_ONCE)
        except (ConnectionError, ssl.SSLEOFError) as error:
            raise Broken(f"ended before the answer: {error}", answered=bool(self._received)) from error
        if not data:
            raise Broken("closed by the other side", answered=bool(self._received))
        self._received += data

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            self._receive()
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _fill(self, into: memoryview, meter: Meter) -> None:
        ready = min(len(self._received), len(into))
        into[:ready] = self._received[:ready]
        del self._received[:ready]
        into = into[ready:]
        while into:
            wanted = into[: meter.piece]
            meter.passing(len(wanted))
            while wanted:
                try:
                    count = self._socket.recv_into(wanted)
                except (ConnectionError, ssl.SSLEOFError) as error:
                    raise Broken(f"ended within the answer: {error}", answered=True) from error
                if not count:
                    raise Broken("closed within the answer", answered=True)
                wanted, into = wanted[count:], into[count:]

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = int(self._line().split(b";")[0], 16)
            if not size:
                break
            body += self._take(size)
            self._line()
        while self._line():
            continue
        return bytes(body)

    def _line(self) -> bytes:
        while (end := self._received.find(b"\r\n")) < 0:
            self._receive()
        line = bytes(self._received[:end])
        del self._received[: end + 2]
        return line

    def _rest(self) -> bytes:
        try:
            while data := self._socket.recv(_RECEIVED_AT_ONCE):
                self._received += data
        except (ConnectionError, ssl.SSLEOFError) as error:
            raise Broken(f"ended within the answer: {error}", answered=True) from error
        body = bytes(self._received)
        self._received.clear()
        return body


def _pieces(body: memoryview, size: int) -> Iterable[memoryview]:
    return (body[start : start + size] for start in range(0, len(body), size))
