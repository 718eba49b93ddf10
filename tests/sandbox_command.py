"""`modelstore sandbox` as a user runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MODELSTORE = [str(Path(sys.executable).with_name("modelstore")), "sandbox"]
STACK = "dev"


def sandbox(
    project: Path, *arguments: str, environment: dict[str, str], check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run one command on a project's stack `dev`; where it must not fail, what it printed is in the failure."""
    done = subprocess.run(
        [*MODELSTORE, *arguments, "--stack", STACK],
        cwd=project,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    if check:
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done
