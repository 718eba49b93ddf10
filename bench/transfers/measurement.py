"""All comparisons of one run, and the ratios that the goals are about."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.transfers import comparison, loads
from bench.transfers.clients import CLIENTS, OURS, RAW
from bench.transfers.runs import ROUNDS, Runs, best, ratio
from bench.transfers.sink import NoGo

GIB = 1 << 30
SETTLED_SECONDS = 3
CLIENT_SECONDS = 25
"""A client that has taken so long with one load on one server does no further round of it."""


@contextmanager
def files_of(chosen: Sequence[loads.Load]) -> Iterator[list[loads.Written]]:
    """Write the loads into memory where there is room for them, else onto the disk."""
    needed = sum(load.bytes for load in chosen) + GIB
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and shutil.disk_usage(memory).free > needed else None
    with tempfile.TemporaryDirectory(prefix="modelstore-bench-", dir=place) as folder:
        written = [loads.write(load, Path(folder) / str(number)) for number, load in enumerate(chosen)]
        time.sleep(SETTLED_SECONDS)
        yield [loads.declare(one) for one in written]


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Return what goes into results.json: all rates under `transfers`, and the goals' ratios."""
    rounds = 1 if quick else ROUNDS
    rates: dict[str, Any] = {}
    found: dict[str, Any] = {}
    chosen = loads.QUICK_LOADS if quick else loads.LOADS
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="modelstore-bench-")))
        written = stack.enter_context(files_of(chosen))
        try:
            servers = [stack.enter_context(comparison.sink_server(scratch, tls=tls)) for tls in (False, True)]
        except NoGo as reason:
            return {"transfers": {"skipped": str(reason)}}
        for server in servers:
            for load in written:
                print(f"Measuring uploads to the {server.name}: {load.load.name}", flush=True)
                runs = comparison.uploads(CLIENTS, server, load, rounds=rounds, seconds=CLIENT_SECONDS)
                rates.setdefault(server.name, {})[load.load.name] = _summaries(runs)
                if load.load.count == 1:
                    found |= goal_ratios(runs, "tls" if server.name.endswith("TLS") else "http")
    return {**found, "transfers": {"upload": rates}}


def goal_ratios(runs: Mapping[str, Runs], scheme: str) -> dict[str, float | None]:
    """Return our throughput by that of the limit and of the fastest peer."""
    peer = best([runs[client.name] for client in CLIENTS if client.is_peer and client.name in runs])
    return {
        f"upload_{scheme}_vs_raw": ratio(runs[OURS.name], runs[RAW.name]),
        f"upload_{scheme}_vs_best_peer": None if peer is None else ratio(runs[OURS.name], peer),
    }


def _summaries(runs: Mapping[str, Runs]) -> dict[str, Any]:
    ours = runs[OURS.name]
    return {name: one.summary() | {"ours_by_it": ratio(ours, one)} for name, one in runs.items()}
