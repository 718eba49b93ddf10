"""The connection to Valkey or Redis, 7.0 or newer, and what its failures mean."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_client.asking import Asking
from pulumi_modelstore_client.errors import (
    AccessRefused,
    InvalidRequest,
    LibraryMissing,
    StoreError,
    StoreFull,
    StoreUnreachable,
)
from pulumi_modelstore_client.location import Location
from pulumi_modelstore_client.time_limits import TimeLimits

if TYPE_CHECKING:
    from redis import Redis

SCHEMES = ("valkey", "valkeys", "redis", "rediss")
"""The ones with an s are over TLS."""
IDLE_SECONDS = 15
"""A connection that rested longer is tried before it is used: the server may have moved in between."""

_LONGEST_WAIT = 2.0
_WRONG_PASSWORD = "Check the password in the store's Secret, and that the pod was started after it last changed"
_NO_ANSWER = (
    "Check the address and that the server is up: one that cannot write its log any more, as with a full disk, ends; "
    "its own log says so"
)


def connect(place: Location, limits: TimeLimits) -> Redis:
    """Return a client that is safe to share between threads; opens no connection yet.

    Requests are repeated where no answer came, so each has to be one that does no harm twice. Raises LibraryMissing.
    """
    try:
        from redis import Redis
        from redis.backoff import ExponentialBackoff
        from redis.exceptions import ConnectionError as NoConnection
        from redis.exceptions import TimeoutError as NoAnswer
        from redis.retry import Retry
    except ImportError:
        raise LibraryMissing(
            "The Python package redis, which speaks to Valkey and Redis, is not installed",
            remedy="Install it: pip install 'pulumi-modelstore[client]'",
        ) from None
    database = place.url.path.strip("/") or "0"
    if not database.isdecimal():
        raise InvalidRequest(f"{place.variable} has no number of a database as its path", remedy="Write it like /0")
    trust: dict[str, Any] = {}
    if place.engine in ("valkeys", "rediss"):
        trust = {"ssl": True, "ssl_ca_certs": place.ca_file or None, "ssl_check_hostname": True}
    return Redis(
        host=place.url.hostname or "localhost",
        port=place.url.port or 6379,
        db=int(database),
        username=place.username or None,
        password=place.password or None,
        socket_connect_timeout=limits.connect,
        socket_timeout=limits.read,
        socket_keepalive=True,
        health_check_interval=IDLE_SECONDS,
        retry=Retry(ExponentialBackoff(_LONGEST_WAIT, 0.05), limits.attempts - 1, (NoConnection, NoAnswer)),
        **trust,
    )


class asking(Asking):  # noqa: N801 - read as a word: with asking("The value could not be read", ...)
    """Raise a StoreError for whatever the library raises inside the block."""

    __slots__ = ()

    def _failure(self, error: BaseException, on: str) -> StoreError | None:
        from redis.exceptions import RedisError

        return _failure(error, self._failed, on, self._place.password) if isinstance(error, RedisError) else None


class Script:
    """A Lua script on a server, which gets its text only where it does not know it yet."""

    __slots__ = ("_digest", "_execute", "_text")

    def __init__(self, server: Redis, text: str) -> None:
        self._execute: Callable[..., Any] = server.execute_command
        self._text = text
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str | bytes], arguments: Sequence[Any]) -> Any:
        """Run it."""
        try:
            return self._execute("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except Exception as error:
            from redis.exceptions import NoScriptError

            if not isinstance(error, NoScriptError):
                raise
        return self._execute("EVAL", self._text, len(keys), *keys, *arguments)


def _failure(error: Exception, failed: str, on: str, password: str) -> StoreError:
    from redis import exceptions

    answer = str(error).replace(password, "[secret]") if password else str(error)
    kind, remedy = StoreError, "Check that the server is Valkey, or Redis 7.0 or newer, and a single one, no cluster"
    if isinstance(error, exceptions.NoPermissionError):
        kind, remedy = AccessRefused, "Check what the server's access list lets this user do"
    elif isinstance(error, exceptions.AuthenticationError) or answer.startswith(("NOAUTH", "WRONGPASS")):
        kind, remedy = AccessRefused, _WRONG_PASSWORD
    elif isinstance(error, exceptions.OutOfMemoryError) or "OOM command not allowed" in answer:
        kind, remedy = StoreFull, "Delete what is not needed, or raise the memory of the server"
    elif "MISCONF" in answer:
        kind, remedy = StoreFull, "The server cannot write to its disk: make room on its volume, or enlarge it"
    elif isinstance(error, exceptions.ReadOnlyError):
        remedy = "The address is that of a replica: give the primary's"
    elif isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        kind, remedy = StoreUnreachable, _NO_ANSWER
    return kind(failed, on=on, answer=answer, remedy=remedy)
