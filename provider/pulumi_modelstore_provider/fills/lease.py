"""One process at a time works on a folder, whatever nodes the processes run on.

A lease is a row of numbered files in a folder of the volume. To hold it is to have created the highest number, which
O_EXCL grants to one process only, on NFS too. The next number may be created when the holder has written that it is
done, or has shown no sign of life for a while: its heartbeat file has kept its content for that long by the clock of
the one who waits, so that clocks of different nodes are never compared. A holder that could not show life in time
stops by itself, before another may begin.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pulumi_modelstore_provider.errors import ModelstoreError

_CLAIM = re.compile(r"(\d{8})")
_KEPT = 16
"""Numbers that are left behind: a slow process may still look at one."""
_BEATS_PER_TERM = 6
_BEAT_WIDTH = 20


def last_begun(folder: Path) -> int:
    """The highest number whose holder began to change the folder that the lease is for; 0 where none did."""
    try:
        names = [path.name for path in folder.iterdir() if path.suffix == ".begun"]
    except FileNotFoundError:
        return 0
    return max((int(name.removesuffix(".begun")) for name in names), default=0)


class LeaseLost(ModelstoreError):
    """Another process has taken over, or this one could not show in time that it lives."""


class Lease:
    """The right to change a folder.

    Args:
        folder: where its files are; on the volume.
        stale_after: seconds without a sign of life after which a holder counts as dead; the same for all.
        on_waiting: told who holds the lease, once for each holder that is waited for.
        on_lost: called from another thread when this process has lost the lease.
    """

    def __init__(
        self,
        folder: Path,
        *,
        stale_after: float,
        on_waiting: Callable[[str], None] = lambda _: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder, self._stale_after = folder, stale_after
        self._on_waiting, self._on_lost = on_waiting, on_lost
        self.number = 0
        """The number that this process holds; higher than that of every holder before it."""
        self._last_beat = 0.0
        self._lost = threading.Event()
        self._released = threading.Event()
        self._beating: threading.Thread | None = None

    def acquire(self, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Wait for the lease. False when `unless` became true in the meantime: there is nothing left to do."""
        self._folder.mkdir(parents=True, exist_ok=True)
        watched, seen, since = -1, b"", time.monotonic()
        while not unless():
            number = self._highest()
            if number == 0 or self._path(number, "done").exists():
                if self._claim(number + 1):
                    return True
                continue
            beat = self._read_beat(number)
            if number != watched:
                self._on_waiting(self._holder(number))
            if (number, beat) != (watched, seen):
                watched, seen, since = number, beat, time.monotonic()
            elif time.monotonic() - since > self._stale_after and self._claim(number + 1):
                return True
            time.sleep(min(1.0, self._stale_after / (2 * _BEATS_PER_TERM)))
        return False

    def begin(self) -> None:
        """Record that this holder changes the folder: what an earlier one says of it from now on counts for nothing."""
        self._path(self.number, "begun").touch()

    def check(self) -> None:
        """Raise LeaseLost where this process may have lost the lease; costs nothing, so ask before every write."""
        if self._lost.is_set() or time.monotonic() - self._last_beat > self._stale_after / 2:
            self._lose()
            raise LeaseLost(
                "Another process has taken over the fill of this volume", on=str(self._folder),
                remedy="Nothing is to be done: the other one completes it",
            )  # fmt: skip

    def release(self) -> None:
        """Let the next one in."""
        self._released.set()
        if self._beating is not None:
            self._beating.join()
        if self.number and not self._lost.is_set():
            self._path(self.number, "done").touch()

    def _claim(self, number: int) -> bool:
        try:
            descriptor = os.open(self._path(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        # Who began to wait long ago may have created a number that was used and removed since.
        if self._highest() != number:
            os.close(descriptor)
            self._path(number).unlink(missing_ok=True)
            return False
        # From here on it is ours: what fails below must not leave it held by nobody for a whole term.
        self.number = number
        try:
            os.write(descriptor, f"{socket.gethostname()} {os.getpid()}".encode())
        finally:
            os.close(descriptor)
        self._beat(secrets.randbits(32))
        self._last_beat = time.monotonic()
        self._beating = threading.Thread(target=self._keep_beating, name="lease", daemon=True)
        self._beating.start()
        for old in self._numbers():
            if old <= number - _KEPT:
                for suffix in ("beat", "begun", "done", ""):
                    self._path(old, suffix).unlink(missing_ok=True)
        return True

    def _keep_beating(self) -> None:
        count = secrets.randbits(32)
        while not self._released.wait(self._stale_after / _BEATS_PER_TERM):
            # First the clock: a process that was stopped for a while must not write anything more.
            if time.monotonic() - self._last_beat > self._stale_after / 2 or self._highest() != self.number:
                self._lose()
                return
            count += 1
            try:
                self._beat(count)
                self._last_beat = time.monotonic()
            except OSError:
                # A full disk or a server that is away; the clock above decides.
                continue

    def _beat(self, count: int) -> None:
        # In place: a file that has its block needs none on a full disk.
        descriptor = os.open(self._path(self.number, "beat"), os.O_CREAT | os.O_WRONLY, 0o644)
        try:
            os.pwrite(descriptor, str(count).zfill(_BEAT_WIDTH).encode(), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _lose(self) -> None:
        if not self._lost.is_set():
            self._lost.set()
            self._on_lost()

    def _read_beat(self, number: int) -> bytes:
        try:
            return self._path(number, "beat").read_bytes()
        except OSError:
            return b""

    def _holder(self, number: int) -> str:
        try:
            return self._path(number).read_text() or "a process that has just begun"
        except OSError:
            return "a process that has just begun"

    def _numbers(self) -> list[int]:
        return [int(match[1]) for path in self._folder.iterdir() if (match := _CLAIM.fullmatch(path.name))]

    def _highest(self) -> int:
        return max(self._numbers(), default=0)

    def _path(self, number: int, suffix: str = "") -> Path:
        return self._folder / (f"{number:08}.{suffix}" if suffix else f"{number:08}")
