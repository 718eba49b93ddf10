"""Where the servers that `.ci/servers` builds are found, and how one is started and ended."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

READY_SECONDS = 30


def servers_folder() -> Path:
    """The folder that `.ci/servers` builds into."""
    return Path(os.environ.get("MODELSTORE_SERVERS") or Path.home() / ".cache/pulumi-modelstore/servers").expanduser()


def binary(name: str) -> Path:
    """Path of a built server, or a skip that says how to get it."""
    built = servers_folder() / name
    if built.is_file():
        return built
    on_path = shutil.which(name)
    if on_path:
        return Path(on_path)
    pytest.skip(f"{name} is neither in {servers_folder()} nor on PATH; `.ci/servers` builds it where Go is installed")


def free_port() -> int:
    """A loopback port that nothing listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str], *, environment: dict[str, str], log: Path, ready: Callable[[], bool]
) -> Iterator[int]:
    """Run one server until the block ends; yields its pid once `ready` says so, and fails with its log otherwise."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            ended = process.poll()
            if ended is not None or time.monotonic() > deadline:
                state = f"ended with {ended}" if ended is not None else f"was not ready after {READY_SECONDS} s"
                pytest.fail(f"{Path(command[0]).name} {state}:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)
