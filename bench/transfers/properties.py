"""What is no rate: what a preview reads, what a changed file costs, what a killed upload sends again."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.timing import own_environment
from bench.transfers import loads
from bench.transfers.clients import OURS
from bench.transfers.comparison import job_of, upload_once
from bench.transfers.jobs import PART, Job
from bench.transfers.loads import Load, Written
from bench.transfers.runs import run_job
from bench.transfers.stores import SinkStore

MIB = 1 << 20
PREVIEWED = 100 * 10**9
PREVIEW_RUNS = 5
CHANGED = Load("100 x 8 MiB", 100, 8 * MIB)
KILLED = Load("1 x 1 GiB", 1, 1024 * MIB)
SETTLED_SECONDS = 3

# The digest is made up: to compute it would take minutes, and a hit of the cache does not look at it.
PREVIEW = f"""
import json, statistics, sys, time
from pathlib import Path
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache, FileIdentity
from pulumi_modelstore_provider.artifacts.source import read_source

path = Path(sys.argv[1])
cache = DigestCache()
cache.record({{FileIdentity.of(str(path), path.stat()): "sha256:" + "0" * 64}}, looked_at_ns=time.time_ns())
opened = 0

def count(event, arguments):
    global opened
    opened += event == "open" and str(arguments[0]) == str(path)

sys.addaudithook(count)
def read():
    return int(Path("/proc/self/io").read_text().split()[1])

taken = []
before = read()
for _ in range({PREVIEW_RUNS}):
    started = time.perf_counter()
    content = read_source(path, base=path.parent)
    taken.append(time.perf_counter() - started)
after = read()
assert content.total_bytes == {PREVIEWED} and content.files[0].digest.endswith("0" * 64)
print(json.dumps({{"milliseconds": statistics.median(taken) * 1000, "opened": opened, "read": after - before}}))
"""


def preview(scratch: Path) -> dict[str, Any]:
    """Preview a sparse file of 100 GB whose digest is known: milliseconds, and what was read.

    `preview_100_gb_opened` is how often the file was opened in all runs; `preview_100_gb_bytes_read` is what a run
    read from anywhere, the digest cache among it.
    """
    path = scratch / "sparse.safetensors"
    with path.open("wb") as file:
        file.truncate(PREVIEWED)
    time.sleep(SETTLED_SECONDS)
    environment = own_environment() | {"MODELSTORE_CACHE_HOME": str(scratch / "preview-cache")}
    command = [sys.executable, "-c", PREVIEW, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    path.unlink()
    found = json.loads(done.stdout)
    return {
        "preview_100_gb_ms": round(found["milliseconds"], 2),
        "preview_100_gb_opened": found["opened"],
        "preview_100_gb_bytes_read": found["read"] // PREVIEW_RUNS,
    }


def changed_file(store: SinkStore, *, quick: bool) -> dict[str, Any]:
    """Upload a hundred files, then again with one of them changed: bytes sent by the size of that file."""
    load = replace(CHANGED, size=2 * MIB) if quick else CHANGED
    with tempfile.TemporaryDirectory(dir=Path("/dev/shm") if Path("/dev/shm").is_dir() else None) as folder:
        written = _declared(load, Path(folder) / "hundred")
        upload_once(OURS, store, written)
        before = store.sink.counts().received
        changed = written.folder / written.paths[50]
        body = bytearray(changed.read_bytes())
        body[load.size // 2] ^= 1
        changed.write_bytes(body)
        time.sleep(SETTLED_SECONDS)
        _run(store.place(job_of(OURS, loads.declare(written), "upload")), written)
        sent = store.sink.counts().received - before
    return {"changed_file_sent_by_size": round(sent / load.size, 4)}


def killed(store: SinkStore, *, quick: bool) -> dict[str, Any]:
    """Kill an upload when half of it is there, and run it again: how many parts came twice, in whole or in part."""
    load = replace(KILLED, size=256 * MIB) if quick else KILLED
    with tempfile.TemporaryDirectory(dir=Path("/dev/shm") if Path("/dev/shm").is_dir() else None) as folder:
        written = _declared(load, Path(folder) / "killed")
        store.empty()
        job = store.place(job_of(OURS, written, "upload"))
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.transfers.one_run"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=own_environment() | job.environment | {"MODELSTORE_CACHE_HOME": str(written.digest_cache)},
            cwd=Path(__file__).parents[2],
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(job.to_json())
        process.stdin.close()
        while store.sink.counts().received < load.size // 2 and process.poll() is None:
            time.sleep(0.002)
        process.kill()
        process.wait()
        before = store.sink.counts().received
        if before >= load.size:
            raise RuntimeError("the upload was over before it was killed")
        _run(job, written)
        resent = store.sink.counts().received - load.size
    store.empty()
    return {"killed_upload_resent_parts": round(resent / PART, 2), "killed_upload_at": round(before / load.size, 2)}


def _declared(load: Load, folder: Path) -> Written:
    written = loads.write(load, folder)
    time.sleep(SETTLED_SECONDS)
    return loads.declare(written)


def _run(job: Job, written: Written) -> None:
    run_job(job, amount=1, environment={"MODELSTORE_CACHE_HOME": str(written.digest_cache)})
