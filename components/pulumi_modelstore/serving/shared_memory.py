"""Shared memory of a container, by which the processes of several GPUs hand each other what they compute.

A container has 64 MiB of it unless told, and NCCL then fails with several GPUs (NCCL's documentation, "Shared memory").
"""

from __future__ import annotations

from typing import Any

from pulumi_modelstore.arguments.kubernetes import quantity, quantity_problems
from pulumi_modelstore.arguments.problem import Problem

PLACE = "/dev/shm"  # noqa: S108 - a place in a container
# KServe's own vLLM runtime calls it so: one of the service takes its place.
VOLUME = "devshm"


def shared_memory_problems(size: str | None, memory_limit: str) -> list[Problem]:
    """What is wrong with a size; what is written there counts against the container's memory."""
    if size is None:
        return []
    found = quantity_problems(size, argument="shared_memory")
    if found or quantity_problems(memory_limit, argument="resources.memory"):
        return found
    if quantity(size) >= quantity(memory_limit):
        said = f"{size} is all of the container's memory of {memory_limit}, which it counts against"
        return [Problem("shared_memory", said, "Lower it, or raise resources.memory")]
    return []


def shared_memory_volume(size: str | None = None) -> dict[str, Any]:
    """The pod's volume; without a size it may grow to the container's memory."""
    return {"name": VOLUME, "emptyDir": {"medium": "Memory"} | ({"sizeLimit": size} if size else {})}


def shared_memory_mount() -> dict[str, Any]:
    """The container's mount of it."""
    return {"name": VOLUME, "mountPath": PLACE}
