"""The executables: small scripts named as the Pulumi CLI looks for them, that run this same Python."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Final

PACKAGES: Final = ("aws", "kubernetes")

# -P: the program's own folder, where the CLI starts a plugin, must not stand in for installed modules.
_SCRIPT: Final = """#!/bin/sh
exec {python} -P -m pulumi_modelstore_sandbox.plugins {package} "$@"
"""


def write_executables(folder: Path) -> list[Path]:
    """Write an executable for each package into `folder`, which is made where it is not there; return them."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for package in PACKAGES:
        path = folder / f"pulumi-resource-{package}"
        # Replaced as a whole: the CLI may be running the old one.
        scratch = folder / f".{path.name}.new"
        scratch.write_text(_SCRIPT.format(python=shlex.quote(sys.executable), package=package), encoding="utf-8")
        scratch.chmod(0o755)
        scratch.replace(path)
        written.append(path)
    return written
