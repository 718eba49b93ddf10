"""A preview of the deployed quickstart that finds nothing to change."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bench.timing import median_seconds, own_environment, seconds

ROOT = Path(__file__).parents[1]
RUNS = 5
GOAL_SECONDS = 2
SANDBOX = [str(Path(sys.executable).with_name("modelstore")), "sandbox"]
CHOSEN = ["--stack", "dev"]


def measure(scratch: Path) -> dict[str, float]:
    """Wall seconds of the no-change preview (median) and of the first up, in a copy of examples/quickstart."""
    folder = scratch / "quickstart"
    shutil.copytree(ROOT / "examples/quickstart", folder, ignore=shutil.ignore_patterns(".sandbox", "model"))
    environment = own_environment() | {"MODELSTORE_CACHE_HOME": str(scratch / "cache")}
    first = seconds([*SANDBOX, "up", "--yes", *CHOSEN], folder=folder, environment=environment)
    try:
        preview = [*SANDBOX, "preview", "--expect-no-changes", *CHOSEN]
        again = median_seconds(preview, runs=RUNS, folder=folder, environment=environment)
    finally:
        seconds([*SANDBOX, "destroy", "--yes", *CHOSEN], folder=folder, environment=environment)
    return {"first up": round(first, 2), "no-change preview": round(again, 2)}
