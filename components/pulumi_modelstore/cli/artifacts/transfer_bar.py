"""How far a transfer is: a bar on a terminal, plain lines elsewhere, nothing where JSON is printed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

_EVERY_SECONDS = 0.1
_EVERY_SHARE = 0.1


@contextmanager
def transfer_bar(*, silent: bool) -> Iterator[None]:
    """Show on stderr what transfers inside the block report."""
    from pulumi_modelstore_provider.progress import heard_by

    shown = _Nothing() if silent else _Bar() if sys.stderr.isatty() else _Lines()
    try:
        with heard_by(shown):
            yield
    finally:
        shown.close()


class _Nothing:
    def __call__(self, message: str, done: int, total: int) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing is open."""


class _Bar:
    def __init__(self) -> None:
        self._lock, self._next, self._total = threading.Lock(), 0.0, -1
        self._bar: Any = None

    def __call__(self, message: str, done: int, total: int) -> None:
        with self._lock:
            if total != self._total:
                self._begin(total)
            now, bar = time.monotonic(), self._bar
            if bar is not None and done > bar.pos and (now >= self._next or done >= total):
                self._next = now + _EVERY_SECONDS
                bar.update(done - bar.pos, message)

    def _begin(self, total: int) -> None:
        self._finish()
        self._total = total
        # The message has percent, rate and time left.
        self._bar = click.progressbar(
            length=total, file=sys.stderr, show_eta=False, show_percent=False, item_show_func=lambda text: text
        )
        self._bar.__enter__()

    def _finish(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None

    def close(self) -> None:
        with self._lock:
            self._finish()


class _Lines:
    def __init__(self) -> None:
        self._lock, self._total, self._told = threading.Lock(), -1, 0.0

    def __call__(self, message: str, done: int, total: int) -> None:
        share = done / total if total else 1.0
        with self._lock:
            if total != self._total:
                self._total, self._told = total, -_EVERY_SHARE
            if share >= self._told + _EVERY_SHARE or (share >= 1.0 > self._told):
                self._told = share
                click.echo(message, err=True)

    def close(self) -> None:
        """Every line is whole."""
