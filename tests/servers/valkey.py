"""Valkey, or Redis where Debian has no Valkey, on loopback: with a log that is on disk before each answer."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servers.binaries import READY_SECONDS, free_port, servers_folder

PASSWORD = "valkey-password-for-tests"
MEMORY = "/dev/shm"
DURABLE = {"appendonly": "yes", "appendfsync": "always", "save": '""', "maxmemory-policy": "noeviction"}


def program() -> tuple[Path, dict[str, str]]:
    """The server and what it needs in its environment, or a skip that says how to get it."""
    root = servers_folder() / "valkey"
    for name in ("valkey-server", "redis-server"):
        unpacked = root / "usr" / "bin" / name
        if unpacked.is_file():
            places = [root / "usr/lib" / f"{platform.machine()}-linux-gnu", root / "usr/lib"]
            return unpacked, {"LD_LIBRARY_PATH": ":".join(map(str, places))}
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path), {}
    pytest.skip(f"Valkey or Redis is neither in {root} nor on PATH; `.ci/valkey` fetches it where there is apt")


@dataclass
class ValkeyServer:
    """A server that can be killed and started again on the same folder and port."""

    folder: Path
    port: int
    password: str = field(default=PASSWORD, repr=False)
    largest_file: int | None = None
    """Bytes that a file may have: what writes beyond it meets an error, as on a disk that is full."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self.port}/0"

    def environment(self, prefix: str, *, store: str = "main", **settings: str) -> dict[str, str]:
        """What a pod would be given."""
        return {f"{prefix}_URL": f"{self.url}?store={store}", f"{prefix}_PASSWORD": self.password} | settings

    def client(self) -> Any:
        """The bare library's client."""
        from redis import Redis

        return Redis(port=self.port, password=self.password, socket_timeout=10)

    def start(self) -> None:
        """Start it and wait until it has read what it holds."""
        server, needed = program()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [server, self.folder / "valkey.conf"],
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **needed},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=self._limit if self.largest_file else None,  # noqa: PLW1509 - no thread runs here
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the server did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a node that fails does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in whatever state it is."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.kill()

    def _limit(self) -> None:
        assert self.largest_file is not None
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest_file, self.largest_file))

    def _answers(self) -> bool:
        password = self.password.encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"AUTH " + password + b"\r\nPING\r\n")
                answer = b""
                while answer.count(b"\r\n") < 2:
                    received = connection.recv(100)
                    if not received:
                        return False
                    answer += received
                return answer.endswith(b"+PONG\r\n")
        except OSError:
            return False


@contextmanager
def valkey_server(
    settings: Mapping[str, str] | None = None, *, largest_file: int | None = None, on_disk: bool = False
) -> Iterator[ValkeyServer]:
    """Run one on a free loopback port, data in a folder that goes with it; `settings` go into its configuration."""
    program()
    # Unless speed is measured, in memory: a killed process leaves its files there as it does on a disk.
    place = MEMORY if not on_disk and os.access(MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="valkey-", dir=place))
    server = ValkeyServer(folder, free_port(), largest_file=largest_file)
    lines = {"bind": "127.0.0.1", "port": str(server.port), "dir": str(folder), "requirepass": server.password}
    configuration = folder / "valkey.conf"
    configuration.write_text(
        "".join(f"{name} {value}\n" for name, value in (lines | DURABLE | (settings or {})).items())
    )
    configuration.chmod(0o600)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
