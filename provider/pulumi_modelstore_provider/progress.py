"""Tells the user how far long work has come: on the resource's own line under an engine, as log lines without one."""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

from pulumi_modelstore_provider.artifacts.sizes import human_seconds, human_size
from pulumi_modelstore_provider.errors import without_secrets

_log = logging.getLogger("pulumi_modelstore")

REPORT_EVERY = 1.0
"""Seconds between two reports of one resource to an engine."""

_TELL_EVERY = 0.05
"""Seconds between two reports of one transfer: no bar is drawn more often, and small files come in thousands."""

_LOG_EVERY = 0.1
_LOG_AFTER = 30.0
"""Seconds without a log line after which the next one is due: of terabytes a tenth takes an hour."""


class EngineLog(Protocol):
    """The part of an engine that takes messages: `Log` with an `engine_pb2.LogRequest`."""

    def Log(self, request: Any) -> Any:  # noqa: N802 - the name in the engine's protocol
        """Show one message."""
        ...


Listener: TypeAlias = Callable[[str, int, int], None]
"""Takes each report: the message, what is done and the total."""

_lock = threading.Lock()
_engine: EngineLog | None = None
_listener: Listener | None = None
_searched_arguments = False
_last_reports: dict[str, float] = {}
_last_logged: dict[str, tuple[float, float]] = {}


def set_engine(engine: EngineLog | None) -> None:
    """Send messages to `engine` from now on; None goes back to log lines."""
    global _engine, _searched_arguments
    with _lock:
        _engine, _searched_arguments = engine, True
        _last_reports.clear()
        _last_logged.clear()


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Send every report, and nothing to an engine or a log, to `listener` inside the block: a command's own bar."""
    global _listener  # noqa: PLW0603 - one command a process
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


def report(
    urn: str, message: Callable[[], str], *, done: int, total: int, clock: Callable[[], float] = time.monotonic
) -> None:
    """Tell that `done` of `total` (bytes, usually) of what `message` names is through; it is asked where one is due.

    At most one report a second reaches the engine; without an engine a log line tells each tenth, or what came
    within 30 seconds. Never raises.
    """
    listener = _listener
    if listener is not None:
        listener(without_secrets(message()), done, total)
        return
    engine = _current_engine()
    finished = done >= total
    with _lock:
        if engine is not None:
            now = clock()
            last = _last_reports.get(urn)
            if last is not None and now - last < REPORT_EVERY and not finished:
                return
            _last_reports[urn] = now
        else:
            share = 1.0 if finished else done / total
            # A smaller share than before: a new piece of work under the same name.
            last_share, last_time = _last_logged.get(urn, (-1.0, 0.0))
            now = clock()
            due = now - last_time >= _LOG_AFTER or (finished and last_share < 1.0)
            if last_share <= share < last_share + _LOG_EVERY and not (due and share > last_share):
                return
            _last_logged[urn] = share, now
    if engine is None:
        _log.info("%s", without_secrets(message()))
    else:
        _send(engine, urn, message(), severity="INFO", ephemeral=True)


def tell(urn: str, message: str) -> None:
    """Say something that stays on the screen. Never raises."""
    _say(urn, message, "INFO")


def warn(urn: str, message: str) -> None:
    """Say something that the user should look at. Never raises."""
    _say(urn, message, "WARNING")


def _say(urn: str, message: str, severity: str) -> None:
    engine = _current_engine()
    if engine is None:
        _log.log(getattr(logging, severity), "%s", without_secrets(message))
    else:
        _send(engine, urn, message, severity=severity, ephemeral=False)


def _send(engine: EngineLog, urn: str, message: str, *, severity: str, ephemeral: bool) -> None:
    from pulumi.runtime.proto import engine_pb2

    request = engine_pb2.LogRequest(
        severity=engine_pb2.LogSeverity.Value(severity), message=without_secrets(message), urn=urn, ephemeral=ephemeral
    )
    try:
        engine.Log(request)
    except Exception:  # noqa: BLE001 - an engine that has gone away must not stop an upload
        _log.debug("the engine took no message", exc_info=True)


def _current_engine() -> EngineLog | None:
    global _engine, _searched_arguments  # noqa: PLW0603 - one engine a process
    if not _searched_arguments:
        with _lock:
            if not _searched_arguments:
                _engine = _engine_of_plugin(sys.argv)
                _searched_arguments = True
    return _engine


def _engine_of_plugin(arguments: list[str]) -> EngineLog | None:
    """Return the engine that started this process as a plugin: its address is the first argument."""
    if len(arguments) < 2 or not _is_address(arguments[1]):
        return None
    import grpc
    from pulumi.runtime.proto import engine_pb2_grpc

    stub: EngineLog = engine_pb2_grpc.EngineStub(grpc.insecure_channel(arguments[1]))
    return stub


def _is_address(argument: str) -> bool:
    host, _, port = argument.rpartition(":")
    return bool(host) and port.isdecimal() and "/" not in host


class TransferProgress:
    """Counts the bytes of one transfer and reports them with rate and remaining time; threads may share it."""

    def __init__(self, urn: str, verb: str, total: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._urn, self._verb, self._total, self._clock = urn, verb, total, clock
        self._started = clock()
        self._lock = threading.Lock()
        self._done = 0
        self._moved = 0
        self._told_at = -math.inf

    def advance(self, count: int, *, moved: bool = True) -> None:
        """Count `count` bytes as through; `moved` False for those that were there already and tell no rate."""
        with self._lock:
            self._done += count
            self._moved += count if moved else 0
            done, all_moved = self._done, self._moved
            now = self._clock()
            if now - self._told_at < _TELL_EVERY and done < self._total:
                return
            self._told_at = now
        report(self._urn, lambda: self._text(done, all_moved), done=done, total=self._total, clock=self._clock)

    def message(self) -> str:
        """Say how far it has come."""
        with self._lock:
            done, moved = self._done, self._moved
        return self._text(done, moved)

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self._total

    def _text(self, done: int, moved: int) -> str:
        # Bytes that go twice count until their part is through.
        share = 100 if self._total <= 0 else min(100, int(100 * done / self._total))
        text = f"{self._verb} {share}% of {human_size(self._total)}"
        elapsed = self._clock() - self._started
        # The first moments say nothing of how long the rest will take.
        if moved <= 0 or elapsed < REPORT_EVERY:
            return text
        rate = moved / elapsed
        left = max(0, self._total - done)
        return f"{text}, {human_size(rate)}/s" + (f", {human_seconds(left / rate)} left" if left else "")
