"""Requests for small files that one thread has under way, each with memory of its own, finished as answers come."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.stores.started import Started

T = TypeVar("T")

_NO_ANSWER_SECONDS = 5.0
"""Without any answer, after which the oldest request is waited for alone, with the patience that requests have."""

_SLOW_SECONDS = 0.005
"""All but waiting takes a tenth of a millisecond for a tiny file; on a slow file system it takes several."""


class _Sent(NamedTuple, Generic[T]):
    scratch: Scratch
    seconds: float
    started: Started[T]


class UnderWay(Generic[T]):
    """What one thread has under way; `free` is memory for more.

    `is_quick` tells whether the last one was sent ahead of its answer, and little of its time was not waiting.
    """

    def __init__(self, finished: Callable[[T], None]) -> None:
        """`finished` takes what came of each."""
        self.free = [Scratch()]
        self.is_quick = False
        self._finished = finished
        self._sent: dict[int, _Sent[T]] = {}
        self._answers = select.poll()

    @property
    def turns(self) -> int:
        """How many may be under way at once."""
        return len(self.free) + len(self._sent)

    def start(self, start: Callable[[Scratch], Started[T]]) -> None:
        """Send the request for a file; it is finished at once where it cannot be sent ahead."""
        scratch, began = self.free.pop(), time.perf_counter()
        started = start(scratch)
        sent = _Sent(scratch, time.perf_counter() - began, started)
        if started.answered_on is None:
            self._finish(sent)
        else:
            self._sent[started.answered_on] = sent
            self._answers.register(started.answered_on, select.POLLIN)

    def finish_answered(self) -> bool:
        """Wait until one is answered, and finish all that are; False where none is under way."""
        if not self._sent:
            return False
        answered = [descriptor for descriptor, _ in self._answers.poll(_NO_ANSWER_SECONDS * 1000)]
        for descriptor in answered or [next(iter(self._sent))]:
            self._answers.unregister(descriptor)
            self._finish(self._sent.pop(descriptor))
        return True

    def _finish(self, sent: _Sent[T]) -> None:
        began = time.perf_counter()
        result = sent.started.finish()
        seconds = sent.seconds + time.perf_counter() - began
        self.is_quick = sent.started.answered_on is not None and seconds < _SLOW_SECONDS
        self.free.append(sent.scratch)
        self._finished(result)
