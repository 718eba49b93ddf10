"""How bytes go to an agent and come back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Protocol

from pulumi_modelstore_provider.errors import ModelstoreError


class ChannelClosed(ModelstoreError):
    """The other end has gone."""


class Channel(Protocol):
    """A stream of bytes in both directions."""

    def send(self, body: bytes) -> None:
        """Send all of it. Raises ChannelClosed."""
        ...

    def receive(self, count: int) -> bytes:
        """Return exactly that many bytes. Raises ChannelClosed."""
        ...

    def close(self) -> None:
        """Let the other end go."""
        ...


def agent_text() -> str:
    """The agent's program, as a pod is given it."""
    return Path(__file__).with_name("agent.py").read_text(encoding="utf-8")


class ProcessChannel:
    """An agent in a process of this machine, for a volume that is mounted here."""

    def __init__(self, root: Path) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", agent_text(), str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @property
    def pid(self) -> int:
        """Process id of the agent."""
        return self._child.pid

    def send(self, body: bytes) -> None:
        """Send all of it. Raises ChannelClosed."""
        assert self._child.stdin is not None  # noqa: S101 - for the type checker
        try:
            self._child.stdin.write(body)
            self._child.stdin.flush()
        except OSError:
            raise self._closed() from None

    def receive(self, count: int) -> bytes:
        """Return exactly that many bytes. Raises ChannelClosed."""
        assert self._child.stdout is not None  # noqa: S101 - for the type checker
        body = self._child.stdout.read(count)
        if len(body) < count:
            raise self._closed()
        return body

    def close(self) -> None:
        """Let the process end."""
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        self._child.wait()

    def _closed(self) -> ChannelClosed:
        return ChannelClosed("The process that works on the volume has ended", remedy="Run it again: it goes on")
