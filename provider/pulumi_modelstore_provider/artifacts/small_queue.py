"""Files that are sent with one request each; of tiny ones, one thread has as many under way as may be."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TypeAlias

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.led_by_one import TINY, LedByOne
from pulumi_modelstore_provider.artifacts.small_files import start_small
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer, TransferStopped
from pulumi_modelstore_provider.stores.protocol import ListedObject
from pulumi_modelstore_provider.stores.started import Started

_Item: TypeAlias = tuple[str, FileEntry]


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
        self._tiny: LedByOne[_Item, FileReceipt] = LedByOne(
            self._start, finished=self.receipts.append, stopped=lambda: transfer.stopped
        )
        self._others: deque[_Item] = deque()
        for key, entry in files.items():
            # What comes from afar, or is compared with what lies there, is waited for more than once.
            is_tiny = entry.size <= TINY and sources[entry.path].is_local and key not in present
            (self._tiny.waiting if is_tiny else self._others).append((key, entry))

    @property
    def waiting(self) -> int:
        """How many files nobody has taken yet."""
        return len(self._tiny.waiting) + len(self._others)

    def send(self, threads: int, *, alone: bool) -> list[Future[None]]:
        """Have so many threads more send, each with one request under way; `alone` if nobody else sends any more."""
        self._tiny.alone = alone
        return [self._transfer.submit(self._work) for _ in range(threads)]

    def _work(self) -> None:
        room = Scratch()
        while True:
            if self._transfer.stopped:
                raise TransferStopped
            try:
                item = self._others.popleft()
            except IndexError:
                break
            self.receipts.append(self._start(item, room).finish())
        self._tiny.work()

    def _start(self, item: _Item, room: Scratch) -> Started[FileReceipt]:
        key, entry = item
        started = start_small(self._transfer, key, self._sources[entry.path], entry, self._present.get(key), room)
        passed = self._transfer.passed()

        def finish() -> FileReceipt:
            receipt = started.finish()
            self._transfer.sent(receipt.sent, passed=passed)
            return receipt

        return Started(finish, started.answered_on)
