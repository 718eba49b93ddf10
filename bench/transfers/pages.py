"""The transfers' measurements as a part of RESULTS.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.tables import table

MIB = 1 << 20
GOALS = {
    "upload_http_vs_best_peer": ("upload of one large file over HTTP, by the best of the peers", "at least 1.5"),
    "upload_http_vs_raw": ("the same by the raw limit", "at least 0.6"),
    "upload_tls_vs_raw": ("over TLS, by the raw limit", "at least 0.8"),
}


def section(results: Mapping[str, Any]) -> str:
    """Return it with its heading."""
    transfers = results["transfers"]
    if "skipped" in transfers:
        return f"## Transfers\n\nNot measured: {transfers['skipped']}.\n"
    goals = [[what, _number(results.get(key)), goal] for key, (what, goal) in GOALS.items()]
    parts = [_INTRODUCTION, table(["ratio of throughputs", "measured", "goal"], goals)]
    for direction in ("upload", "download"):
        for server, loads in transfers.get(direction, {}).items():
            for load, clients in loads.items():
                parts.append(f"### {direction.capitalize()} of {load}: {server}\n\n{_rates(clients)}")
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
## Transfers

All clients in turns, side by side in one run; medians over the rounds, ratios taken within a round. `ours` reads the
files for their digests, compares them with what was declared, and verifies each object by its checksum. The raw limit
reads the file and sums it up (CRC64NVME), and sends 16 MiB on each of 8 connections."""


def _rates(clients: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, found in clients.items():
        if "missing" in found:
            rows.append([name, f"not measured: {found['missing']}", "", "", "", ""])
            continue
        rows.append(
            [
                name,
                f"{found['rate'] / MIB:.0f}",
                f"{found['seconds']:.2f}",
                f"{found['processor_seconds']:.2f}",
                f"{found['peak_mib']:.0f}",
                _number(found["ours_by_it"]),
                str(found["runs"]),
            ]
        )
    return table(["client", "MiB/s", "seconds", "processor seconds", "peak MiB", "ours by it", "runs"], rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
