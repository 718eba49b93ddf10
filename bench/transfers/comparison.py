"""All clients on one server and one load, in turns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from bench.transfers.clients import Client
from bench.transfers.jobs import Job
from bench.transfers.loads import Written
from bench.transfers.runs import Run, Runs, in_turns, run_job
from bench.transfers.sink import Sink, null_sink

MODEL_PREFIX = "models/bench/"


class Server(Protocol):
    """A server with an empty bucket for each run."""

    name: str

    def place(self, job: Job) -> Job:
        """Return the job with the server's address, key and an empty bucket."""
        ...

    def received(self) -> int | None:
        """Bytes of objects that came since `place`; None where the server does not count."""
        ...

    def clear(self) -> None:
        """Throw away what came since `place`."""
        ...


@dataclass(frozen=True)
class SinkServer:
    """The null sink."""

    name: str
    sink: Sink

    def place(self, job: Job) -> Job:
        """Empty it."""
        self.sink.forget()
        ca_bundle = self.sink.ca_bundle
        return replace(job, endpoint=self.sink.endpoint, ca_bundle=str(ca_bundle) if ca_bundle else None)

    def received(self) -> int | None:
        """Ask its counter."""
        return self.sink.counts().received

    def clear(self) -> None:
        """Do nothing: there is nothing to throw away."""


@contextmanager
def sink_server(scratch: Path, *, tls: bool) -> Iterator[SinkServer]:
    """Run a null sink."""
    folder = scratch / f"sink-{'tls' if tls else 'http'}"
    folder.mkdir(exist_ok=True)
    with null_sink(folder, tls=tls) as sink:
        yield SinkServer(f"null sink, {'TLS' if tls else 'HTTP'}", sink)


def job_of(client: Client, written: Written, direction: str) -> Job:
    """Return the job without a server."""
    load = written.load
    count = load.sampled if client.slow_with_small else load.count
    return Job(
        client.module,
        client.variant,
        direction,
        "",
        str(written.sample if client.slow_with_small else written.folder),
        f"{MODEL_PREFIX}{written.version}/",
        count,
        version=written.version,
        files=written.files,
        paths=written.paths,
        size=load.size,
    )


def upload_once(client: Client, server: Server, written: Written) -> Run:
    """Upload into an empty bucket. Raises RuntimeError when the server counted fewer bytes than the files have."""
    job = server.place(job_of(client, written, "upload"))
    sent = job.count * job.size
    with tempfile.TemporaryDirectory() as empty:
        cache = written.digest_cache if client.knows_digests else empty
        try:
            run = run_job(job, amount=sent, environment={"MODELSTORE_CACHE_HOME": str(cache)})
            received = server.received()
            if received is not None and received < sent:
                raise RuntimeError(f"{client.name} ended well and sent {received} of {sent} bytes")
        finally:
            server.clear()
    return run


def uploads(
    clients: Sequence[Client], server: Server, written: Written, *, rounds: int, seconds: float
) -> Mapping[str, Runs]:
    """Let each client upload the load `rounds` times, or until it has taken `seconds`."""
    runs = {client.name: partial(upload_once, client, server, written) for client in clients}
    return in_turns(runs, rounds=rounds, seconds=seconds)
