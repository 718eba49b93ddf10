"""Small files that one thread has under way, each with memory of its own, finished as the store answers."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import NamedTuple

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer
from pulumi_modelstore_provider.stores.started import Started

_NO_ANSWER_SECONDS = 5.0
"""Without any answer, after which the oldest request is waited for alone, with the patience that requests have."""


class _Sent(NamedTuple):
    size: int
    scratch: Scratch
    started: Started[FileReceipt]


class UnderWay:
    """What one thread has under way; `free` is memory for more, `last_seconds` what the last one took to be sent."""

    def __init__(self, transfer: Transfer) -> None:
        self.free = [Scratch()]
        self.last_seconds = 0.0
        self._transfer = transfer
        self._sent: dict[int, _Sent] = {}
        self._answers = select.poll()
        self._bytes = 0

    @property
    def turns(self) -> int:
        """How many may be under way at once."""
        return len(self.free) + len(self._sent)

    def start(self, size: int, start: Callable[[Scratch], Started[FileReceipt]]) -> FileReceipt | None:
        """Send a file of `size` bytes; returns its receipt where it is finished at once."""
        scratch, began = self.free.pop(), time.perf_counter()
        started = start(scratch)
        self.last_seconds = time.perf_counter() - began
        self._bytes += size
        sent = _Sent(size, scratch, started)
        if started.answered_on is None:
            return self._finish(sent)
        self._sent[started.answered_on] = sent
        self._answers.register(started.answered_on, select.POLLIN)
        return None

    def finish_answered(self) -> list[FileReceipt]:
        """Wait until one is answered, and finish all that are; none where none is under way."""
        if not self._sent:
            return []
        answered = [descriptor for descriptor, _ in self._answers.poll(_NO_ANSWER_SECONDS * 1000)]
        receipts = []
        for descriptor in answered or [next(iter(self._sent))]:
            self._answers.unregister(descriptor)
            receipts.append(self._finish(self._sent.pop(descriptor)))
        return receipts

    def _finish(self, sent: _Sent) -> FileReceipt:
        receipt = sent.started.finish()
        self.free.append(sent.scratch)
        self._bytes -= sent.size
        self._transfer.sent(receipt.sent, under_way=self._bytes)
        return receipt
