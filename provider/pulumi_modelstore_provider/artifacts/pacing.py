"""Holds a transfer to a number of bytes a second, over all of its threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pacing:
    """Makes threads wait, so that `rate` bytes a second pass at most; None for no limit.

    Bytes are reckoned before they move, so that the first ones already count.
    """

    def __init__(
        self,
        rate: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._lock = threading.Lock()
        self._free_at = clock()

    def take(self, count: int) -> None:
        """Wait until `count` more bytes may move."""
        if self._rate is None:
            return
        with self._lock:
            now = self._clock()
            begins = max(now, self._free_at)
            self._free_at = begins + count / self._rate
        if begins > now:
            self._sleep(begins - now)
