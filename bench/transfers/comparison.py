"""All clients on one server and one load, in turns."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.transfers.clients import OURS, OURS_COLD, RAW, Client
from bench.transfers.jobs import Job
from bench.transfers.loads import Written
from bench.transfers.runs import Run, Runs, in_turns, run_job
from bench.transfers.stores import Store

MODEL_PREFIX = "models/bench/"
SAMPLE_PREFIX = "sample/"


def job_of(client: Client, written: Written, direction: str) -> Job:
    """Return the job without a server."""
    load = written.load
    return Job(
        client.module,
        client.variant,
        direction,
        "",
        str(written.sample if client.slow_with_small else written.folder),
        f"{MODEL_PREFIX}{written.version}/",
        load.sampled if client.slow_with_small else load.count,
        version=written.version,
        files=written.files,
        paths=written.paths,
        size=load.size,
    )


def upload_once(client: Client, store: Store, written: Written) -> Run:
    """Upload into an empty bucket. Raises RuntimeError when the server counted fewer bytes than the files have."""
    store.empty()
    job = store.place(job_of(client, written, "upload"))
    sent = job.count * job.size
    with tempfile.TemporaryDirectory() as empty:
        cache = written.digest_cache if client.knows_digests else empty
        run = run_job(job, amount=sent, environment={"MODELSTORE_CACHE_HOME": str(cache)})
    received = store.received()
    if received is not None and received < sent:
        raise RuntimeError(f"{client.name} ended well and sent {received} of {sent} bytes")
    return run


def download_once(client: Client, store: Store, written: Written) -> Run:
    """Download what lies there. Raises RuntimeError when the files are not all there in their size."""
    target = written.folder.with_name("fetched")
    job = store.place(replace(job_of(client, written, "download"), folder=str(target)))
    if _is_sampled(client, written):
        job = replace(job, prefix=SAMPLE_PREFIX)
    expected = job.count * job.size
    target.mkdir()
    try:
        run = run_job(job, amount=expected, environment={})
        fetched = sum(path.stat().st_size for path in target.rglob("*.safetensors"))
        if fetched != expected:
            raise RuntimeError(f"{client.name} ended well and fetched {fetched} of {expected} bytes")
    finally:
        shutil.rmtree(target)
    return run


def _is_sampled(client: Client, written: Written) -> bool:
    return client.slow_with_small and written.load.sampled < written.load.count


def fill(store: Store, written: Written) -> None:
    """Put what is to be downloaded into the store."""
    upload_once(OURS, store, written)
    if written.load.sampled < written.load.count:
        sample = replace(job_of(RAW, written, "upload"), count=written.load.sampled, prefix=SAMPLE_PREFIX)
        # The gateway wants signatures, which the plain sockets do not make.
        tuned = replace(sample, client="boto", variant="tuned")
        run_job(store.place(tuned), amount=1, environment={})


def compare(
    direction: str, clients: Sequence[Client], store: Store, written: Written, *, rounds: int, seconds: float
) -> Mapping[str, Runs]:
    """Let each client transfer the load `rounds` times, or until it has taken `seconds`.

    We and the raw limit do all rounds; with the one large file, which the goals are about, so does the fastest peer.
    """
    once: Callable[[Client, Store, Written], Run] = upload_once
    if direction == "download":
        fill(store, written)
        once = download_once
    runs = {client.name: partial(once, client, store, written) for client in clients}
    is_goal = written.load.count == 1
    found = in_turns(
        runs,
        rounds=rounds,
        seconds=seconds,
        always=[client.name for client in (OURS, OURS_COLD, RAW)],
        contenders=[client.name for client in clients if client.is_peer] if is_goal else (),
    )
    store.empty()
    return found


def memory_folder(bytes_needed: int) -> Path | None:
    """Return where files lie in memory, where there is room for them; None for the disk."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > bytes_needed else None
