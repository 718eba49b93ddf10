"""The transfers' measurements as a part of RESULTS.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.tables import table
from bench.transfers.clients import OURS, OURS_COLD, RAW

MIB = 1 << 20
GOALS = {
    "upload_http_vs_best_peer": ("upload of the one large file over HTTP, by the best peer", "at least 1.5"),
    "upload_http_vs_raw": ("the same by the raw limit", "at least 0.6"),
    "upload_http_digesting_vs_best_peer": ("the two, where the upload also digests the file: by the best peer", ""),
    "upload_http_digesting_vs_raw": ("by the raw limit", ""),
    "upload_tls_vs_best_peer": ("over TLS, by the best peer", ""),
    "upload_tls_vs_raw": ("over TLS, by the raw limit", "at least 0.8"),
    "upload_tls_digesting_vs_raw": ("where the upload also digests the file", ""),
    "download_http_vs_best_peer": ("download of the one large file over HTTP, by the best peer", ""),
    "download_http_vs_raw": ("the same by the raw limit", ""),
    "download_tls_vs_raw": ("over TLS, by the raw limit", ""),
    "upload_http_peak_mib": ("peak memory of that upload, MiB", "under 256"),
    "upload_tls_peak_mib": ("over TLS, MiB", "under 256"),
    "download_http_peak_mib": ("peak memory of that download, MiB", "under 256"),
    "small_files_per_second_http": ("small files uploaded a second", "at least 3,000"),
    "small_files_per_second_down_http": ("small files downloaded a second", ""),
    "small_files_per_second_tls": ("small files uploaded a second over TLS", ""),
    "small_files_per_second_down_tls": ("small files downloaded a second over TLS", ""),
    "preview_100_gb_ms": ("preview of a sparse file of 100 GB whose digest is cached, milliseconds", "under 50"),
    "preview_100_gb_opened": ("how often that opens the file", "0"),
    "preview_100_gb_bytes_read": ("bytes that it reads from anywhere, the cache among it", ""),
    "changed_file_sent_by_size": ("bytes sent for one changed file of 100, by its size", "at most 1.01"),
    "killed_upload_resent_parts": ("parts sent again after kill -9 at half, in whole or in part", "at most 8"),
}


def section(results: Mapping[str, Any]) -> str:
    """Return it with its heading."""
    transfers = results["transfers"]
    if "skipped" in transfers:
        return f"## Transfers\n\nNot measured: {transfers['skipped']}.\n"
    goals = [[what, _number(results.get(key)), goal] for key, (what, goal) in GOALS.items()]
    parts = [_INTRODUCTION, table(["", "measured", "goal"], goals)]
    if "versitygw" in transfers:
        parts.append(f"Not measured on versitygw: {transfers['versitygw']}.")
    for direction in ("upload", "download"):
        for server, loads in transfers.get(direction, {}).items():
            for load, clients in loads.items():
                parts.append(f"### {direction.capitalize()} of {load}: {server}\n\n{_rates(clients)}")
                if limit := _limit_of_digesting(clients, results):
                    parts.append(limit)
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
## Transfers

All clients in turns, side by side in one run: medians of up to five rounds (a slower client does fewer, as the last
column says), ratios of throughputs taken within a round. `ours` is an upload after a preview, as in a deployment: the
SHA-256 of the files is known from there, each part that is sent is compared with its sum of that time, and each object
is verified by its checksum. `ours, digesting` knows nothing of the files, computes their SHA-256 as they are sent and
compares it with what was declared. A download compares each file's SHA-256 with the manifest's. The raw limit reads the
file, sums it up (CRC32) and sends or fetches 16 MiB on each of 8 connections, without a signature. boto3 is measured as
it is by default and set to 16 MiB x 8, the others are set to that where they can be. Their own start is not counted.
boto3 and aws-cli transfer a tenth of the small files. The best peer is the fastest of boto3, s5cmd, aws-cli and rclone.
The null sink receives objects and throws them away, and sends what the files hold; versitygw writes to the disk."""


def _rates(clients: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    small = any("files_per_second" in found for found in clients.values())
    for name, found in clients.items():
        if "missing" in found:
            rows.append([name, f"not measured: {found['missing']}", "", "", "", ""])
            continue
        rows.append(
            [
                name,
                f"{found['files_per_second']:,}" if small else f"{found['rate'] / MIB:.0f}",
                f"{found['seconds']:.2f}",
                f"{found['processor_seconds']:.2f}",
                f"{found['peak_mib']:.0f}",
                "" if found["ours_by_it"] is None else _number(found["ours_by_it"]),
                str(found["runs"]),
            ]
        )
    return table(
        ["client", "files/s" if small else "MiB/s", "seconds", "processor seconds", "peak MiB", "ours by it", "runs"],
        rows,
    )


def _limit_of_digesting(clients: Mapping[str, Mapping[str, Any]], results: Mapping[str, Any]) -> str:
    """Return in words how near to the raw limit an upload comes that digests; nothing where that was not measured."""
    known, digesting, raw = (clients.get(client.name, {}) for client in (OURS, OURS_COLD, RAW))
    if not all("processor_seconds" in found for found in (known, digesting, raw)):
        return ""
    cores = results["machine"]["cores"]
    sink = cores * raw["seconds"] - raw["processor_seconds"]
    least = (digesting["processor_seconds"] + sink) / cores
    return (
        f"SHA-256 of one file is computed on one core and costs "
        f"{digesting['processor_seconds'] - known['processor_seconds']:.2f} processor seconds here, beside "
        f"{known['processor_seconds']:.2f} for all else and about {sink:.2f} of the sink (what the raw limit leaves of "
        f"{cores} cores).\n"
        f"Were no core ever idle, that would be {least:.2f} seconds: at these costs `{OURS_COLD.name}` cannot come "
        f"above about {raw['seconds'] / least:.2f} of the raw limit."
    )


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"
