"""Threads that read parts of objects, each with a buffer of its own, and the digest that they make together."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.led_by_one import LedByOne
from pulumi_modelstore_provider.artifacts.parts import MIB, Part, PartPlan
from pulumi_modelstore_provider.artifacts.transfer import TransferStopped

_MOST_MEMORY = 128 * MIB
_FEWEST_THREADS = 2
_LOOK_UP_SECONDS = 0.2


Work: TypeAlias = Callable[[Scratch], None]
"""One part, read and worked on."""


class ReadingThreads:
    """Does work in the order in which it was added, `concurrency` pieces at once, fewer where parts are large.

    The threads do not keep the process from ending: what they do must bear being cut off anywhere.
    """

    def __init__(self, concurrency: int, *, largest_part: int) -> None:
        self._concurrency = concurrency
        self._count = min(concurrency, max(_FEWEST_THREADS, _MOST_MEMORY // max(1, largest_part)))
        self._waiting: deque[Work] = deque()
        self._stopped = threading.Event()
        self._failures: list[BaseException] = []

    @property
    def stopped(self) -> bool:
        """Whether something has failed, and nothing more is to begin."""
        return self._stopped.is_set()

    def add(self, work: Work) -> None:
        """Let `work` be done after all that was added before; work itself may add more."""
        self._waiting.append(work)

    def add_all(self, items: LedByOne[Any, Any]) -> None:
        """Let what waits there be done after all that was added before, by one thread or by many."""
        for _ in range(min(self._concurrency, len(items.waiting))):
            self.add(lambda _: items.work())

    def run(self) -> None:
        """Do everything. Raises the first failure, once no thread works any more."""
        threads = [
            threading.Thread(target=self._work, name=f"reading-{number}", daemon=True)
            for number in range(min(self._count, len(self._waiting)))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            self._stopped.set()
            raise
        for failure in self._failures:
            if not isinstance(failure, TransferStopped):
                raise failure

    def _work(self) -> None:
        room = Scratch()
        while not self.stopped:
            try:
                work = self._waiting.popleft()
            except IndexError:
                return
            try:
                work(room)
            except BaseException as failure:  # noqa: BLE001 - raised where it can be seen
                self._failures.append(failure)
                self._stopped.set()


class OrderedDigest:
    """The SHA-256 of a file whose parts arrive in any order; parts must have been begun in their own order."""

    def __init__(self, plan: PartPlan, threads: ReadingThreads) -> None:
        self._plan, self._threads = plan, threads
        self._whole = hashlib.sha256()
        self._next = 1
        self._turn = threading.Condition()

    def add(self, part: Part, body: memoryview) -> str | None:
        """Wait until all parts before are in, add this one, and return `sha256:<hex>` if it was the last.

        Raises TransferStopped where something has failed meanwhile.
        """
        with self._turn:
            while self._next != part.number:
                if self._threads.stopped:
                    raise TransferStopped
                self._turn.wait(_LOOK_UP_SECONDS)
        # Nobody else's turn comes before this one is over.
        self._whole.update(body)
        with self._turn:
            self._next += 1
            self._turn.notify_all()
        return f"sha256:{self._whole.hexdigest()}" if part.number == self._plan.count else None
