"""Tiny files that one of several threads has all under way, as many at once as there are threads.

Threads that each wait for one answer spend as much time on handing over the interpreter as on the requests. All of them
go on where files are slow to read or write, or where nothing can be sent ahead of an answer.
"""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.transfer import TransferStopped
from pulumi_modelstore_provider.artifacts.under_way import UnderWay
from pulumi_modelstore_provider.stores.started import Started

Item = TypeVar("Item")
Result = TypeVar("Result")

TINY = 1 << 16
"""Bytes of a file that is on its way as soon as it is sent: it fits into what the system keeps of a connection."""


class LedByOne(Generic[Item, Result]):
    """Items that wait, for as many threads as call `work`.

    Args:
        start: sends the request for an item, with memory of its own.
        finished: takes what came of an item.
        stopped: whether nothing more is to begin.
    """

    def __init__(
        self,
        start: Callable[[Item, Scratch], Started[Result]],
        *,
        finished: Callable[[Result], None],
        stopped: Callable[[], bool],
    ) -> None:
        self.waiting: deque[Item] = deque()
        self.alone = True
        """Whether nobody else sends: a thread may then take over from another one that has nothing left to do."""
        self._start, self._finished, self._stopped = start, finished, stopped
        self._lock = threading.Lock()
        self._is_led = False
        self._given_up = 0

    def work(self) -> None:
        """Do what waits, with one request under way, or with those of threads that gave up. Raises TransferStopped."""
        mine = UnderWay(self._finished)
        try:
            with self._lock:
                leads, self._is_led = not self._is_led, True
            while leads or not (self.alone and mine.is_quick):
                if leads and not mine.free and self._takes_over():
                    mine.free.append(Scratch())
                if not mine.free:
                    mine.finish_answered()
                if self._stopped():
                    raise TransferStopped
                try:
                    item = self.waiting.popleft()
                except IndexError:
                    break
                mine.start(functools.partial(self._start, item))
            while mine.finish_answered():
                continue
        finally:
            with self._lock:
                self._given_up += mine.turns

    def _takes_over(self) -> bool:
        with self._lock:
            if not self.alone or not self._given_up:
                return False
            self._given_up -= 1
            return True
