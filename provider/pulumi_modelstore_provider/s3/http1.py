"""A kept-alive HTTP/1.1 connection that sends bodies from the memory they lie in, and hears an answer that comes early.

`http.client` sends no body in pieces that somebody may watch, hears nothing until all is sent, and parses an answer's
headers as e-mail, which is half of the time of a small request.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterable
from typing import TypeAlias

from pulumi_modelstore_provider.metering import Meter
from pulumi_modelstore_provider.s3.http1_answers import Answers, Broken, HttpAnswer

_SENT_WITH_THE_HEAD = 1 << 16
_LAST_WORDS_SECONDS = 5.0

Pieces: TypeAlias = Iterable[memoryview]
"""A body in pieces, made as they are asked for."""


class HttpConnection:
    """A connection for one request after the other, by one thread at a time."""

    def __init__(self, opened: socket.socket, *, timeout: float) -> None:
        self._socket = opened
        self._timeout = timeout
        self._answers = Answers(opened)
        self._comes, self._moves = select.poll(), select.poll()
        self._comes.register(opened, select.POLLIN)
        self._moves.register(opened, select.POLLIN | select.POLLOUT)
        self.reusable = True
        opened.settimeout(timeout)

    def __del__(self) -> None:
        # Also of a request whose answer nobody wants any more.
        self.close()

    def fileno(self) -> int:
        """Return what `select` takes."""
        return self._socket.fileno()

    def close(self) -> None:
        """End it."""
        self.reusable = False
        self._socket.close()

    def is_fit(self) -> bool:
        """Tell whether nothing has come since the last answer: what comes unasked is an end or of no request."""
        return self.reusable and not self._answers.begun and not self._has_come()

    def send(self, head: bytes, body: memoryview | Pieces, meter: Meter) -> bool:
        """Send a request, whose answer is to be read next; False where that came first, and the rest was left.

        Args:
            head: request line and headers, with the empty line.
            body: what follows, as it is in memory or in pieces.
            meter: is told of each piece before it goes.

        Raises Broken where the connection ends first, TimeoutError where nothing moves in time.
        """
        try:
            return self._send(head, body, meter)
        except BaseException:
            self.close()
            raise

    def answer(self, whole: bool, meter: Meter, *, into: memoryview | None = None) -> HttpAnswer:
        """Return the answer to what was sent; raises as `send` does.

        Args:
            whole: what `send` returned.
            meter: is told of each piece that comes into `into`.
            into: where the body of a successful answer goes; one of another length is an error.
        """
        try:
            answer = self._answers.next(into, meter)
        except BaseException:
            self.close()
            raise
        if not (self._answers.more and whole) or self._answers.begun:
            self.close()
        if not whole and answer.status < 300:
            raise Broken("the answer was a success before the request was sent", answered=True)
        return answer

    def _send(self, head: bytes, body: memoryview | Pieces, meter: Meter) -> bool:
        """Send it all; False where an answer came first, and the rest was left."""
        try:
            if isinstance(body, memoryview):
                if len(body) <= _SENT_WITH_THE_HEAD:
                    meter.passing(len(body))
                    self._socket.sendall(head + body)
                    return True
                body = _pieces(body, meter.piece)
            self._socket.sendall(head)
            return self._send_and_listen(body, meter)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            # A server that has refused closes while the body is still coming: its answer says why.
            if not self._last_words():
                raise Broken(f"ended while the request was sent: {error}") from error
            return False

    def _send_and_listen(self, body: Pieces, meter: Meter) -> bool:
        """Send it as the other side takes it; also one that takes no more and keeps the connection has its say."""
        self._socket.settimeout(0)
        try:
            for piece in body:
                if self._is_answered():
                    return False
                meter.passing(len(piece))
                rest = piece
                while rest:
                    try:
                        rest = rest[self._socket.send(rest) :]
                    except (BlockingIOError, ssl.SSLWantWriteError):
                        if not self._moves.poll(self._timeout * 1000):
                            raise TimeoutError("the request was not taken in time") from None
                        if self._is_answered():
                            return False
        finally:
            self._socket.settimeout(self._timeout)
        return True

    def _is_answered(self) -> bool:
        return self._has_come() and not self._answers.was_interim()

    def _has_come(self) -> bool:
        """Whether something, or the end, has come from the other side. Over TLS that may be no more than tickets."""
        # Of a record that TLS has read, a part may wait where no poll sees it.
        waiting = self._comes.poll(0) or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending())
        if not waiting or not isinstance(self._socket, ssl.SSLSocket):
            return bool(waiting)
        timeout = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            self._answers.receive()
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except (OSError, ValueError):
            return True
        finally:
            self._socket.settimeout(timeout)
        return True

    def _last_words(self) -> bool:
        self._socket.settimeout(min(self._timeout, _LAST_WORDS_SECONDS))
        try:
            while not self._answers.has_head():
                if not self._answers.receive():
                    return False
        except OSError:
            return False
        else:
            return True
        finally:
            self._socket.settimeout(self._timeout)


def _pieces(body: memoryview, size: int) -> Iterable[memoryview]:
    return (body[start : start + size] for start in range(0, len(body), size))
