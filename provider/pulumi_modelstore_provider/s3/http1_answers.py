"""Reads answers of HTTP/1.1 from a connection: into the caller's memory, or into bytes of their own.

Whatever is not framed as HTTP says ends the connection: on one that is kept, what is left over of an answer would be
taken for the next one.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import NamedTuple

from pulumi_modelstore_provider.metering import Meter

_RECEIVED_AT_ONCE = 1 << 16
_LONGEST_HEAD = 1 << 18
_DECIMAL = re.compile(r"[0-9]{1,19}")
_HEADER = re.compile(r"([^:\r\n]+):[ \t]*([^\r\n]*)")
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{1,16}")


class Broken(OSError):
    """The connection ended, or what came was no HTTP; `answered` tells whether a part of an answer had come."""

    def __init__(self, what: str, *, answered: bool = False) -> None:
        super().__init__(what)
        self.answered = answered


class HttpAnswer(NamedTuple):
    """An answer; header names in small letters, the body empty where it went into the caller's memory."""

    status: int
    headers: dict[str, str]
    body: bytes


class Answers:
    """What comes on one connection. `more` is whether the last answer leaves it open for another one."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._received = bytearray()
        self.more = True

    @property
    def begun(self) -> bool:
        """Whether something has come that is read yet by nobody."""
        return bool(self._received)

    def has_head(self) -> bool:
        """Whether the headers of an answer are there."""
        return b"\r\n\r\n" in self._received

    def receive(self) -> bool:
        """Wait for some bytes; False where the other side has ended. Raises what the socket raises."""
        data = self._socket.recv(_RECEIVED_AT_ONCE)
        self._received += data
        return bool(data)

    def was_interim(self) -> bool:
        """Tell whether what has come was no more than a word that the request goes on; that is dropped."""
        if not self._received and not self.receive():
            return False
        while self._received.startswith(b"HTTP/1.1 1") and self.has_head():
            self._head()
        return not self._received

    def next(self, into: memoryview | None, meter: Meter) -> HttpAnswer:
        """Return the next one; its body goes into `into` where it is a success, which is to have just that length.

        Raises Broken, and TimeoutError.
        """
        while True:
            status, version, headers = self._head()
            if status >= 200:
                break
        self.more = version != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
        coding = headers.get("transfer-encoding", "").lower()
        body = b""
        if status in (204, 304):
            pass
        elif into is not None and status in (200, 206):
            if coding or headers.get("content-length") != str(len(into)):
                told = coding or f"{headers.get('content-length')} bytes"
                raise Broken(f"the answer has {told}, not {len(into)} bytes", answered=True)
            self._fill(into, meter)
        elif coding == "chunked":
            body = self._chunks()
        elif coding:
            raise Broken(f"the answer comes as {coding!r}, which was not asked for", answered=True)
        elif (length := headers.get("content-length")) is not None:
            if not _DECIMAL.fullmatch(length):
                raise Broken(f"the answer's length is {length!r}", answered=True)
            body = self._take(int(length))
        else:
            body, self.more = self._rest(), False
        return HttpAnswer(status, headers, body)

    def _head(self) -> tuple[int, str, dict[str, str]]:
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            if len(self._received) > _LONGEST_HEAD:
                raise Broken("the answer's headers have no end", answered=True)
            self._receive(answered=bool(self._received))
        first, _, lines = self._received[:end].decode("latin-1").partition("\r\n")
        del self._received[: end + 4]
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1.") or not (rest[:3].isascii() and rest[:3].isdecimal() and len(rest) >= 3):
            raise Broken("what came is no HTTP", answered=True)
        headers = {name.strip().lower(): value.rstrip() for name, value in _HEADER.findall(lines)}
        return int(rest[:3]), version, headers

    def _receive(self, *, answered: bool = True) -> None:
        try:
            more = self.receive()
        except (ConnectionError, ssl.SSLEOFError) as error:
            raise Broken(f"ended before the answer: {error}", answered=answered) from error
        if not more:
            raise Broken("closed by the other side", answered=answered)

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
            written = self._line().split(b";")[0].strip()
            if not _HEXADECIMAL.fullmatch(written):
                raise Broken(f"the answer has a chunk of the length {written[:20]!r}", answered=True)
            size = int(written, 16)
            if not size:
                break
            body += self._take(size)
            if self._line():
                raise Broken("the answer has a chunk that is longer than it says", answered=True)
        while self._line():
            continue
        return bytes(body)

    def _line(self) -> bytes:
        while (end := self._received.find(b"\r\n")) < 0:
            if len(self._received) > _LONGEST_HEAD:
                raise Broken("the answer has a line without an end", answered=True)
            self._receive()
        line = bytes(self._received[:end])
        del self._received[: end + 2]
        return line

    def _rest(self) -> bytes:
        try:
            while self.receive():
                continue
        except (ConnectionError, ssl.SSLEOFError) as error:
            raise Broken(f"ended within the answer: {error}", answered=True) from error
        body = bytes(self._received)
        self._received.clear()
        return body
