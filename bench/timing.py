"""Wall time of commands."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def own_environment() -> dict[str, str]:
    """This process's environment without the user's accounts and settings for the stacks that are measured."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MODELSTORE_", "PULUMI_"))
    }
    return kept | {"NO_COLOR": "1"}


def seconds(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> float:
    """Wall seconds of one command, from its start to its end.

    Raises RuntimeError with the command's output where it fails.
    """
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    taken = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return taken


def median_seconds(command: Sequence[str], *, runs: int, folder: Path, environment: Mapping[str, str]) -> float:
    """Median of `seconds` over `runs` runs, after one that is not counted."""
    seconds(command, folder=folder, environment=environment)
    return statistics.median(seconds(command, folder=folder, environment=environment) for _ in range(runs))
