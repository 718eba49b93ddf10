"""What the numbers were taken on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path


def _cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def describe() -> dict[str, str | int]:
    """Processor, cores that this process may use, memory, and the versions that matter."""
    pulumi = shutil.which("pulumi")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cli = (
        subprocess.run([pulumi, "version"], capture_output=True, text=True, check=True).stdout.strip()
        if pulumi
        else "not installed"
    )
    return {
        "processor": _cpu(),
        "cores": cores,
        "memory GiB": round(memory / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "Pulumi SDK": version("pulumi"),
        "Pulumi CLI": cli,
    }
