"""Installs what a source needs into the pod, where its image does not have it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from pulumi_modelstore_provider.errors import ModelstoreError


def make_importable(packages: Mapping[str, str]) -> None:
    """Make the packages importable, here and in child processes; those that are there already are left alone.

    `packages` gives for each name that is imported what pip is to install. The index is pip's own configuration:
    `PIP_INDEX_URL` and the like in the environment. Raises ModelstoreError with what pip said.
    """
    missing = [requirement for name, requirement in packages.items() if not _is_there(name)]
    if not missing:
        return
    target = Path(tempfile.mkdtemp(prefix="packages-"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--target", str(target), *missing]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        said = " / ".join(line.strip() for line in done.stdout.splitlines() if line.strip())
        raise ModelstoreError(
            f"The fill needs {', '.join(missing)}, which its image does not have and pip could not install",
            answer=said[-1000:],
            remedy="Use an image that has them, or name an index that the cluster reaches in PIP_INDEX_URL",
        )
    sys.path.insert(0, str(target))
    invalidate_caches()
    for variable, place in (("PYTHONPATH", target), ("PATH", target / "bin")):
        os.environ[variable] = os.pathsep.join(part for part in (str(place), os.environ.get(variable, "")) if part)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        # A package above it is missing already.
        return False
