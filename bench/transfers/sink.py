"""The null sink as a process: built once from bench/sink with Go's standard library, and run on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.transfers import pattern

SOURCE = Path(__file__).parents[1] / "sink"


class NoGo(Exception):
    """Raised where the sink is not built and there is no Go to build it with."""


@dataclass(frozen=True)
class Counts:
    """What the sink was sent since it forgot: bytes of objects and parts, and requests by method."""

    received: int
    requests: dict[str, int]
    objects: int


@dataclass(frozen=True)
class Sink:
    """A running sink; `ca_bundle` is a PEM file where it speaks TLS."""

    endpoint: str
    pid: int
    ca_bundle: Path | None = None

    def counts(self) -> Counts:
        """Ask for its counters."""
        return Counts(**json.loads(self._ask("counts")))

    def forget(self) -> None:
        """Have it forget its objects and counters."""
        self._ask("forget")

    def cpu_seconds(self) -> float:
        """Processor time that it has taken so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _ask(self, what: str) -> bytes:
        context = ssl.create_default_context(cafile=self.ca_bundle) if self.ca_bundle else None
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])
        )
        with opener.open(f"{self.endpoint}/-/{what}", timeout=30) as answer:
            body: bytes = answer.read()
        return body


def built() -> Path:
    """The sink's program, built where it is not there yet. Raises NoGo where that cannot be."""
    servers = Path(os.environ.get("MODELSTORE_SERVERS") or Path.home() / ".cache/pulumi-modelstore/servers")
    sources = [*sorted(SOURCE.glob("*.go")), SOURCE / "go.mod"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    program = servers.expanduser() / f"null-sink-{digest}"
    if program.is_file():
        return program
    go = shutil.which("go")
    if go is None:
        raise NoGo("Go is not installed, and the null sink is a Go program")
    program.parent.mkdir(parents=True, exist_ok=True)
    fresh = program.with_name(f"{program.name}.{os.getpid()}")
    command = [go, "build", "-trimpath", "-buildvcs=false", "-o", str(fresh), "."]
    subprocess.run(command, cwd=SOURCE, env={"CGO_ENABLED": "0", **os.environ, "GOWORK": "off"}, check=True)
    fresh.replace(program)
    return program


@contextmanager
def null_sink(folder: Path, *, tls: bool = False) -> Iterator[Sink]:
    """Run one until the block ends; `folder` takes the pattern's block and, for TLS, the certificate."""
    program = built()
    base = folder / "pattern"
    base.write_bytes(pattern.block())
    command = [str(program), "-base", str(base)]
    ca_bundle = None
    if tls:
        from bench.transfers.servers_of_tests import signed

        made = signed(folder)
        ca_bundle = made.ca_bundle
        command += ["-certificate", str(made.certificate), "-key", str(made.key)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        scheme = "https" if tls else "http"
        yield Sink(f"{scheme}://127.0.0.1:{port}", process.pid, ca_bundle)
    finally:
        process.kill()
        process.wait()
