"""One transfer in a process of its own: prints its wall and processor seconds and the most memory it took."""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path

from bench.transfers.jobs import Job
from bench.transfers.runs import MISSING


def main() -> None:
    """Read the job from standard input; the clock runs for the transfer alone, not for imports and clients."""
    job = Job.from_json(sys.stdin.read())
    module = importlib.import_module(f"bench.transfers.{job.client}")
    try:
        prepared = module.prepare(job)
    except ImportError as error:
        print(f"the Python module {error.name} is not installed")
        sys.exit(MISSING)
    except LookupError as error:
        print(error.args[0])
        sys.exit(MISSING)
    started, used = time.perf_counter(), _processor()
    getattr(module, job.direction)(prepared, job)
    taken, processor = time.perf_counter() - started, _processor() - used
    taken -= getattr(prepared, "start_seconds", 0.0)
    print(json.dumps({"seconds": taken, "processor": processor, "peak_bytes": _peak_bytes()}))


def _processor() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_bytes() -> int:
    """Peak of the resident memory: of a command that was run, or of this program.

    Its own ru_maxrss would count what the process had that started it.
    """
    of_command = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if of_command:
        return of_command * 1024
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
