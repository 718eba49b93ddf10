"""How far a transfer is: a bar on a terminal, plain lines elsewhere, nothing where JSON is printed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.pull import Progress

_EVERY_SECONDS = 0.1
_EVERY_SHARE = 0.1


@contextmanager
def transfer_bar(verb: str, total: int, *, silent: bool) -> Iterator[Progress]:
    """Show the progress of `total` bytes on stderr until the block ends."""
    from pulumi_modelstore_provider.artifacts.pull import NOBODY
    from pulumi_modelstore_provider.progress import TransferProgress

    if silent:
        yield NOBODY
    elif sys.stderr.isatty():
        with click.progressbar(
            length=total, file=sys.stderr, show_eta=False, show_percent=False, item_show_func=lambda text: text
        ) as bar:
            yield TransferProgress("", verb, total, told=_Bar(bar))
    else:
        yield TransferProgress("", verb, total, told=_Lines())


class _Bar:
    def __init__(self, bar: Any) -> None:
        self._bar, self._lock, self._next = bar, threading.Lock(), 0.0

    def __call__(self, message: str, done: int, total: int) -> None:
        with self._lock:
            now = time.monotonic()
            if done > self._bar.pos and (now >= self._next or done >= total):
                self._next = now + _EVERY_SECONDS
                self._bar.update(done - self._bar.pos, message)


class _Lines:
    def __init__(self) -> None:
        self._lock, self._told = threading.Lock(), -_EVERY_SHARE

    def __call__(self, message: str, done: int, total: int) -> None:
        share = done / total if total else 1.0
        with self._lock:
            if share >= self._told + _EVERY_SHARE or (share >= 1.0 > self._told):
                self._told = share
                click.echo(message, err=True)
