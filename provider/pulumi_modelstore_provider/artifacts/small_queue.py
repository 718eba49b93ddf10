"""Files that are sent with one request each, and how many of them are under way at once.

Of tiny ones, one thread has all under way that may be: threads that each wait for one answer spend as much time on
handing over the interpreter as on the requests. Many threads have what is slow to read, or is there already.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TypeAlias

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.small_files import start_small
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer, TransferStopped
from pulumi_modelstore_provider.artifacts.under_way import UnderWay
from pulumi_modelstore_provider.stores.protocol import ListedObject

_TINY = 1 << 16
"""Bytes of a file that is on its way as soon as it is sent: it fits into what the system keeps of a connection."""

_SLOW_SECONDS = 0.005
"""Reading and sending a tiny file takes a tenth of a millisecond; one of a slow file system takes several."""

_Waiting: TypeAlias = deque[tuple[str, FileEntry]]


class SmallQueue:
    """The small files of one transfer, sent by as many threads as `send` is told.

    Args:
        transfer: whose threads they are.
        files: what to send, by key.
        sources: where the bytes of each path are.
        present: what lies there already, by key.
    """

    def __init__(
        self,
        transfer: Transfer,
        files: Mapping[str, FileEntry],
        sources: Mapping[str, ByteSource],
        present: Mapping[str, ListedObject],
    ) -> None:
        self.receipts: list[FileReceipt] = []
        self._transfer, self._sources, self._present = transfer, sources, present
        self._tiny: _Waiting = deque()
        self._others: _Waiting = deque()
        for key, entry in files.items():
            # What comes from afar, or is compared with what lies there, is waited for more than once.
            is_tiny = entry.size <= _TINY and sources[entry.path].is_local and key not in present
            (self._tiny if is_tiny else self._others).append((key, entry))
        self._lock = threading.Lock()
        self._alone = self._is_led = False
        self._given_up = 0

    @property
    def waiting(self) -> int:
        """How many files nobody has taken yet."""
        return len(self._tiny) + len(self._others)

    def send(self, threads: int, *, alone: bool) -> list[Future[None]]:
        """Have so many threads more send, each with one request under way.

        `alone`: nobody else sends any more, and a thread may take over from another one that has nothing left to do.
        """
        self._alone = alone
        return [self._transfer.submit(self._work) for _ in range(threads)]

    def _work(self) -> None:
        mine = UnderWay(self._transfer)
        try:
            while (item := self._next(self._others)) is not None:
                self._start(mine, *item)
            with self._lock:
                leads, self._is_led = not self._is_led, True
            while leads or mine.last_seconds > _SLOW_SECONDS or not self._is_for_one():
                if leads and not mine.free and self._takes_over():
                    mine.free.append(Scratch())
                item = self._next(self._tiny)
                if item is None:
                    break
                self._start(mine, *item)
            while rest := mine.finish_answered():
                self.receipts += rest
        finally:
            with self._lock:
                self._given_up += mine.turns

    def _next(self, waiting: _Waiting) -> tuple[str, FileEntry] | None:
        if self._transfer.stopped:
            raise TransferStopped
        try:
            return waiting.popleft()
        except IndexError:
            return None

    def _start(self, mine: UnderWay, key: str, entry: FileEntry) -> None:
        if not mine.free:
            self.receipts += mine.finish_answered()
        source, existing = self._sources[entry.path], self._present.get(key)
        receipt = mine.start(entry.size, lambda room: start_small(self._transfer, key, source, entry, existing, room))
        if receipt is not None:
            self.receipts.append(receipt)

    def _is_for_one(self) -> bool:
        return self._alone and self._transfer.objects.sends_ahead

    def _takes_over(self) -> bool:
        with self._lock:
            if not self._is_for_one() or not self._given_up:
                return False
            self._given_up -= 1
            return True
