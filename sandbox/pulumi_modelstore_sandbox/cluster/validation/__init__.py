"""What is wrong with an object before any server has seen it."""

from __future__ import annotations

from typing import NamedTuple

from pulumi_modelstore_sandbox.cluster.properties import Path


class Problem(NamedTuple):
    """One thing that is wrong, at a property path (empty: the object as a whole)."""

    path: Path
    reason: str
