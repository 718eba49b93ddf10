"""One run at a time on a stack.

The lock is the operating system's (`flock`): it ends with the process that holds it, however that process ends. The
file's text says who holds it; text without a lock is what a killed run left.
"""

from __future__ import annotations

import datetime
import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pulumi_modelstore_sandbox.state.errors import StackLockedError


@dataclass(frozen=True)
class Holder:
    """Who holds a lock."""

    pid: int
    host: str
    user: str
    since: str
    """UTC, RFC 3339, to the second."""
    command: str

    @classmethod
    def this_process(cls, command: str) -> Holder:
        """Describe this process at work on `command`."""
        since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls(os.getpid(), socket.gethostname(), _user(), since, command)

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}, `{self.command}`, since {self.since}"


@contextmanager
def locked(path: Path, *, stack: str, command: str, notify: Callable[[str], None]) -> Iterator[None]:
    """Hold a stack's lock; raises StackLockedError, which names the holder, when another run has it.

    `notify` gets a sentence when a run that was killed had left its name in the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackLockedError(
                f"The stack {stack} is in use by {_holder_of(descriptor) or 'another run'}. "
                f"Wait until it has ended, or stop it; its lock ({path}) ends with it."
            ) from None
        left = _read(descriptor)
        if left is not None:
            notify(f"An earlier run ended without a word ({left}); its lock is taken over.")
        _write(descriptor, json.dumps(asdict(Holder.this_process(command))))
        try:
            yield
        finally:
            _write(descriptor, "")
    finally:
        os.close(descriptor)


def _holder_of(descriptor: int) -> Holder | None:
    """Read the holder's name, which follows a moment after the lock."""
    for _ in range(20):
        holder = _read(descriptor)
        if holder is not None:
            return holder
        time.sleep(0.01)
    return None


def _read(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 10_000, 0)))
    except (ValueError, TypeError):
        return None


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        return f"uid {os.getuid()}"
