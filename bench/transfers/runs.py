"""Runs of several clients on one load, in turns, and what they come to: medians and ratios of throughputs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.timing import own_environment
from bench.transfers.jobs import Job

ROUNDS = 5
LONGEST_RUN = 600


@dataclass(frozen=True)
class Run:
    """One transfer: `amount` bytes in `seconds` of wall time; `processor` seconds and peak bytes are the client's."""

    amount: int
    seconds: float
    processor: float = 0.0
    peak_bytes: int = 0

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.amount / self.seconds


@dataclass
class Runs:
    """All runs of one client on one load, or the reason why there are none."""

    client: str
    runs: list[Run] = field(default_factory=list)
    missing: str = ""

    @property
    def rate(self) -> float:
        """Median bytes a second."""
        return statistics.median(run.rate for run in self.runs)

    def summary(self) -> dict[str, float | int | str]:
        """Return it for results.json."""
        if not self.runs:
            return {"missing": self.missing}
        return {
            "runs": len(self.runs),
            "seconds": round(statistics.median(run.seconds for run in self.runs), 3),
            "rate": round(self.rate, 1),
            "processor_seconds": round(statistics.median(run.processor for run in self.runs), 2),
            "peak_mib": round(max(run.peak_bytes for run in self.runs) / 2**20, 1),
        }


def ratio(ours: Runs, other: Runs) -> float | None:
    """Return the median over the rounds of our throughput by the other's; None where one of them has no run.

    Runs of one round stand beside each other in time; where one client has fewer, those that both have count.
    """
    pairs = list(zip(ours.runs, other.runs, strict=False))
    if not pairs:
        return None
    return round(statistics.median(mine.rate / theirs.rate for mine, theirs in pairs), 3)


def best(candidates: Sequence[Runs]) -> Runs | None:
    """Return the client with the highest median throughput among those that ran."""
    ran = [candidate for candidate in candidates if candidate.runs]
    return max(ran, key=lambda candidate: candidate.rate) if ran else None


def in_turns(
    clients: Mapping[str, Callable[[], Run]],
    *,
    rounds: int = ROUNDS,
    seconds: float = float("inf"),
    always: Collection[str] = (),
    contenders: Collection[str] = (),
) -> dict[str, Runs]:
    """Run each client once in each round, so that drift meets all alike.

    A client whose runs have taken `seconds` together sits out the remaining rounds, unless it is one of `always` or the
    fastest of the `contenders` so far. One that raises LookupError is not to be had, and the error says why.
    """
    found = {name: Runs(name) for name in clients}
    for _ in range(rounds):
        fastest = best([found[name] for name in contenders if name in found])
        for name, once in clients.items():
            mine = found[name]
            spent = sum(run.seconds for run in mine.runs) >= seconds
            if mine.missing or (spent and name not in always and mine is not fastest):
                continue
            try:
                mine.runs.append(once())
            except LookupError as reason:
                mine.missing = str(reason)
    return found


def run_job(job: Job, *, amount: int, environment: Mapping[str, str]) -> Run:
    """Do one job in a process of its own. Raises RuntimeError with its output where it fails."""
    own = own_environment() | job.environment | {"PYTHONPATH": str(Path(__file__).parents[2])} | dict(environment)
    command = [sys.executable, "-m", "bench.transfers.one_run"]
    done = subprocess.run(
        command, input=job.to_json(), env=own, capture_output=True, text=True, check=False, timeout=LONGEST_RUN
    )
    if done.returncode == MISSING:
        raise LookupError(done.stdout.strip())
    if done.returncode != 0:
        raise RuntimeError(f"{job.client} {job.variant} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return Run(amount=amount, **json.loads(done.stdout.splitlines()[-1]))


MISSING = os.EX_UNAVAILABLE
"""How a run ends whose client is not installed; it prints the reason."""
