"""What `import pulumi_modelstore` costs over `import pulumi`."""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

from bench.timing import seconds

RUNS = 15
GOAL_MS = 50
STATEMENTS = {
    "import pulumi": "import pulumi",
    "import pulumi, pulumi_modelstore": "import pulumi, pulumi_modelstore",
    "and its four components": (
        "import pulumi\n"
        "from pulumi_modelstore import AccessKeyPair, GpuInferenceService, ModelArtifact, StorageNamespace"
    ),
}


def measure() -> dict[str, float]:
    """Medians in milliseconds of fresh interpreters, taken in turns so that drift meets all alike."""
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for run in range(RUNS + 1):
        for name, statement in STATEMENTS.items():
            once = seconds([sys.executable, "-c", statement], folder=Path.cwd(), environment=os.environ)
            # The first run of each reads files from disk.
            if run:
                taken[name].append(once * 1000)
    return {name: round(statistics.median(times), 1) for name, times in taken.items()}
