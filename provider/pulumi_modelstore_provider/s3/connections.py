"""Kept-alive connections to one host, opened when they are needed, with the SDK's errors where that fails."""

from __future__ import annotations

import socket
import ssl
import threading
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from pulumi_modelstore_provider.metering import Meter
from pulumi_modelstore_provider.s3.addressing import BucketAddress
from pulumi_modelstore_provider.s3.http1 import HttpConnection, Pieces
from pulumi_modelstore_provider.s3.http1_answers import Broken, HttpAnswer
from pulumi_modelstore_provider.time_limits import TimeLimits


class SentRequest(NamedTuple):
    """A request that awaits its answer: on a connection, `kept` from an earlier one, `whole` or cut short by that."""

    connection: HttpConnection
    kept: bool
    whole: bool


class HttpConnections:
    """As many connections as requests are under way at once; the one used last goes first."""

    def __init__(self, address: BucketAddress, *, limits: TimeLimits, trust: Callable[[], ssl.SSLContext]) -> None:
        self._address, self._limits, self._trust = address, limits, trust
        self._lock = threading.Lock()
        self._idle: list[HttpConnection] = []
        self._context: ssl.SSLContext | None = None
        weakref.finalize(self, _close_all, self._idle)

    def exchange(
        self,
        url: str,
        head: bytes,
        body: Callable[[], memoryview | Pieces],
        meter: Meter,
        *,
        into: memoryview | None = None,
        sent: SentRequest | None = None,
    ) -> HttpAnswer:
        """Send one request, unless it is `sent` already, and return its answer; `body` is called for each time.

        Raises the SDK's errors, with `url`: of connecting, TLS, time, and a connection that ended.
        """
        while True:
            sent = sent or self.send(url, head, body, meter)
            answer = self.receive(url, sent, meter, into=into)
            if answer is not None:
                return answer
            sent = None

    def send(self, url: str, head: bytes, body: Callable[[], memoryview | Pieces], meter: Meter) -> SentRequest:
        """Send one request, whose answer somebody receives later. Raises as `exchange` does."""
        while True:
            kept = self._kept()
            connection = kept or self._open(url)
            try:
                return SentRequest(connection, kept is not None, connection.send(head, body(), meter))
            except OSError as error:
                if kept is None or not _tells_nothing(error):
                    raise _as_the_sdk(error, url) from None

    def receive(
        self, url: str, sent: SentRequest, meter: Meter, *, into: memoryview | None = None
    ) -> HttpAnswer | None:
        """Return the answer; None where the store had closed the connection before: that tells nothing of the request.

        Raises as `exchange` does.
        """
        connection = sent.connection
        try:
            answer = connection.answer(sent.whole, meter, into=into)
        except OSError as error:
            if sent.kept and _tells_nothing(error):
                return None
            raise _as_the_sdk(error, url) from None
        if connection.reusable:
            with self._lock:
                self._idle.append(connection)
        return answer

    def _kept(self) -> HttpConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.is_fit():
                return connection
            connection.close()

    def _open(self, url: str) -> HttpConnection:
        from botocore import exceptions

        context = self._context_of_all(url) if self._address.scheme == "https" else None
        try:
            opened = socket.create_connection((self._address.host, self._address.port), timeout=self._limits.connect)
        except TimeoutError as error:
            raise exceptions.ConnectTimeoutError(endpoint_url=url, error=error) from None
        except OSError as error:
            raise exceptions.EndpointConnectionError(endpoint_url=url, error=error) from None
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if context is not None:
                opened = context.wrap_socket(opened, server_hostname=self._address.host)
        except TimeoutError as error:
            opened.close()
            raise exceptions.ConnectTimeoutError(endpoint_url=url, error=error) from None
        except OSError as error:
            opened.close()
            raise _as_the_sdk(error, url) from None
        return HttpConnection(opened, timeout=self._limits.read)

    def _context_of_all(self, url: str) -> ssl.SSLContext:
        from botocore import exceptions

        with self._lock:
            if self._context is None:
                try:
                    self._context = self._trust()
                except OSError as error:
                    # A bundle that is not there, or none: as the SDK says it.
                    raise exceptions.SSLError(endpoint_url=url, error=error) from None
            return self._context


def trust(verify: bool | str | None) -> ssl.SSLContext:
    """Return what certificates are accepted, from what the SDK takes as `verify`: by the same authorities as there."""
    from botocore.httpsession import get_cert_path

    # Of its own, as the SDK's: what `ssl` makes by default is stricter from Python 3.13 on.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(get_cert_path(True if verify is None else verify))
    return context


def _tells_nothing(error: OSError) -> bool:
    """Whether a kept connection had ended while it lay idle."""
    return isinstance(error, Broken) and not error.answered


def _as_the_sdk(error: OSError, url: str) -> Exception:
    """Return the SDK's error for what a connection raises."""
    from botocore import exceptions

    kind: Any = exceptions.ConnectionClosedError
    if isinstance(error, TimeoutError):
        kind = exceptions.ReadTimeoutError
    elif isinstance(error, ssl.SSLError):
        kind = exceptions.SSLError
    made: Exception = kind(endpoint_url=url, error=error)
    return made


def _close_all(idle: list[HttpConnection]) -> None:
    for connection in idle:
        connection.close()
