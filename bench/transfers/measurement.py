"""All comparisons of one run, and the ratios that the goals are about."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.transfers import loads, properties, stores
from bench.transfers.clients import CLIENTS, OURS, OURS_COLD, RAW, SIGNING, TRANSFERERS, Client
from bench.transfers.comparison import compare, memory_folder
from bench.transfers.loads import Load, Written
from bench.transfers.runs import ROUNDS, Runs, best, ratio
from bench.transfers.sink import NoGo
from bench.transfers.stores import SinkStore, Store

GIB = 1 << 30
SETTLED_SECONDS = 3


@dataclass(frozen=True)
class Comparison:
    """One table: who transfers which load. A client does no further round after `seconds` of its own."""

    direction: str
    load: Load
    clients: Sequence[Client]
    seconds: float


def _plan(kind: str, *, quick: bool) -> list[Comparison]:
    large, several, small = loads.QUICK_LOADS if quick else loads.LOADS
    gateway_large, gateway_small = (large, small) if quick else loads.GATEWAY_LOADS
    if kind == "gateway":
        return [
            Comparison("upload", gateway_large, SIGNING, 3),
            Comparison("upload", gateway_small, SIGNING, 3),
            Comparison("download", gateway_large, SIGNING, 2),
            Comparison("download", gateway_small, SIGNING, 2),
        ]
    plan = [
        Comparison("upload", large, CLIENTS, 8),
        Comparison("upload", several, TRANSFERERS, 4),
        Comparison("upload", small, TRANSFERERS, 4),
        Comparison("download", large, TRANSFERERS, 4),
        Comparison("download", several, TRANSFERERS, 3),
        Comparison("download", small, TRANSFERERS, 3),
    ]
    # Over TLS, several large files tell what the one tells.
    return [one for one in plan if kind == "http" or one.load is not several]


@contextmanager
def files_of(chosen: Sequence[Load]) -> Iterator[dict[Load, Written]]:
    """Write the loads into memory where there is room for them and for a download, else onto the disk."""
    needed = sum(load.bytes for load in chosen) + max(load.bytes for load in chosen) + GIB
    with tempfile.TemporaryDirectory(prefix="modelstore-bench-", dir=memory_folder(needed)) as folder:
        written = [loads.write(load, Path(folder) / str(number)) for number, load in enumerate(chosen)]
        time.sleep(SETTLED_SECONDS)
        yield {one.load: loads.declare(one) for one in written}


def measure(*, quick: bool = False, all_rounds: bool = False) -> dict[str, Any]:
    """Return what goes into results.json: all rates under `transfers`, and the goals' figures beside it.

    With `all_rounds` no client sits a round out because it is slow.
    """
    found: dict[str, Any] = {}
    rates: dict[str, Any] = {}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="modelstore-bench-")))
        print("Measuring a preview", flush=True)
        found |= properties.preview(scratch)
        try:
            sinks = [stack.enter_context(stores.sink_store(scratch, tls=tls)) for tls in (False, True)]
        except NoGo as reason:
            return {**found, "transfers": {"skipped": str(reason)}}
        print("Measuring a changed file and a killed upload", flush=True)
        found |= properties.changed_file(sinks[0], quick=quick) | properties.killed(sinks[0], quick=quick)
        for kind, sink in zip(("http", "tls"), sinks, strict=True):
            found |= _compare_all(kind, sink, rates, quick=quick, all_rounds=all_rounds)
        try:
            gateway = stack.enter_context(stores.gateway_store())
        except LookupError as reason:
            rates["versitygw"] = str(reason)
        else:
            _compare_all("gateway", gateway, rates, quick=quick, all_rounds=all_rounds)
    return {**found, "transfers": rates}


def _compare_all(kind: str, store: Store, rates: dict[str, Any], *, quick: bool, all_rounds: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    plan = _plan(kind, quick=quick)
    with files_of(list(dict.fromkeys(one.load for one in plan))) as written:
        for one in plan:
            print(f"Measuring {one.direction}s of {one.load.name}: {store.name}", flush=True)
            rounds = 1 if quick else ROUNDS
            seconds = math.inf if all_rounds else one.seconds
            runs = compare(one.direction, one.clients, store, written[one.load], rounds=rounds, seconds=seconds)
            rates.setdefault(one.direction, {}).setdefault(store.name, {})[one.load.name] = summaries(runs, one.load)
            if isinstance(store, SinkStore):
                found |= figures(runs, one.direction, kind, one.load)
    return found


def figures(runs: Mapping[str, Runs], direction: str, kind: str, load: Load) -> dict[str, float | None]:
    """Return what the goals are about, as far as these runs tell it."""
    ours = runs[OURS.name]
    if not ours.runs:
        return {}
    if load.size < loads.MIB:
        name = "small_files_per_second" if direction == "upload" else "small_files_per_second_down"
        return {f"{name}_{kind}": round(ours.rate / load.size)}
    if load.count > 1:
        return {}
    peer = best([runs[client.name] for client in CLIENTS if client.is_peer and client.name in runs])
    found: dict[str, float | None] = {}
    for label, own in (("", ours), ("_digesting", runs.get(OURS_COLD.name))):
        if own is not None and own.runs:
            found[f"{direction}_{kind}{label}_vs_raw"] = ratio(own, runs[RAW.name])
            found[f"{direction}_{kind}{label}_vs_best_peer"] = None if peer is None else ratio(own, peer)
    return found | {
        f"{direction}_{kind}_peak_mib": round(max(run.peak_bytes for run in ours.runs) / 2**20, 1),
    }


def summaries(runs: Mapping[str, Runs], load: Load) -> dict[str, Any]:
    """Return each client's medians, and ours by it; of small files also how many a second."""
    ours = runs[OURS.name]
    found = {name: one.summary() | {"ours_by_it": ratio(ours, one)} for name, one in runs.items()}
    if load.size < loads.MIB:
        for name, one in runs.items():
            if one.runs:
                found[name]["files_per_second"] = round(one.rate / load.size)
    return found
