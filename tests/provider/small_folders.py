"""Folders of many small files, and a proxy that counts how many requests for them are under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provider.recording_proxy import Answer, Exchange, RecordingProxy


class UnderWay:
    """Counts what is between `enter` and `leave`."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self._lock:
                self.now -= 1


def small_folder(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:03}.json").write_text(f"{number}")
    return folder


def watching(proxy: RecordingProxy, seconds: float, *, method: str = "PUT") -> UnderWay:
    """How many requests for small files the proxy has at once, each held for some time."""
    seen = UnderWay()
    running = {}

    def enter(exchange: Exchange) -> None:
        if exchange.path.endswith(".json") and exchange.method == method:
            running[exchange.path] = seen.one()
            running[exchange.path].__enter__()
            time.sleep(seconds)

    def leave(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.path in running:
            running.pop(exchange.path).__exit__(None, None, None)
        return answer

    proxy.before, proxy.after = enter, leave
    return seen
