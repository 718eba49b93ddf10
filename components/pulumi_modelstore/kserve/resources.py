"""What a serving container may use."""

from __future__ import annotations

import re
from math import ceil
from typing import Any

from pydantic import ConfigDict

from pulumi_modelstore.arguments.kubernetes import annotations_problems, quantity, quantity_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

DEFAULT_UTILIZATION = 0.9
"""Part of a GPU's memory that vLLM takes, for the weights and all that it computes (`--gpu-memory-utilization`)."""

_MIG = re.compile(r"nvidia\.com/mig-\d+g\.(?P<gigabytes>\d+)gb(\.\S+)?")
_GIB = 1024**3
# Beside the model: logs, caches and what a runtime compiles for its GPU.
_RUNTIME_BYTES = 4 * _GIB
_HEADROOM = 1.15


class Gpu(CheckedSettings):
    """GPUs of one replica.

    Args:
        count: how many, at least 1.
        resource: name under which the device plugin offers them, such as `nvidia.com/gpu`, `amd.com/gpu` or
            `nvidia.com/mig-3g.40gb`.
        memory: of each, such as `80Gi`; known, weights that cannot fit are refused. A MIG profile says it by itself.
        utilization: part of the memory that the runtime may take, as vLLM's `--gpu-memory-utilization`.
    """

    count: int = 1
    resource: str = "nvidia.com/gpu"
    memory: str | None = None
    utilization: float = DEFAULT_UTILIZATION

    @property
    def known_memory(self) -> str | None:
        """Memory of each GPU: as given, or that of the MIG profile (NVIDIA's MIG guide rounds it up to whole GiB)."""
        profile = _MIG.fullmatch(self.resource)
        return self.memory or (f"{profile['gigabytes']}Gi" if profile else None)

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = []
        if self.count < 1:
            remedy = "Ask for at least 1, or pass gpu=None for a runtime that works without"
            found.append(Problem("count", f"is {self.count}", remedy))
        if "/" not in self.resource or annotations_problems({self.resource: ""}, argument="resource"):
            remedy = "Write it like nvidia.com/gpu, as the device plugin names it"
            found.append(Problem("resource", f'"{self.resource}" is no resource of a device plugin', remedy))
        if self.memory is not None:
            found += quantity_problems(self.memory, argument="memory")
        if not 0 < self.utilization <= 1:
            found.append(Problem("utilization", f"is {self.utilization}", "Give a part of 1, such as 0.9"))
        return found


class Resources(CheckedSettings):
    """Requests and limits of the serving container beside its GPUs, as Kubernetes quantities.

    Args:
        cpu: requested cores, such as `4` or `500m`; a number will do.
        memory: requested memory.
        ephemeral_storage: requested node storage, into which KServe downloads the model; unset, the model's size with
            15% headroom and 4 GiB for the runtime, rounded up coarsely.
        cpu_limit: unset, the request.
        memory_limit: unset, the request.
        ephemeral_storage_limit: unset, the request; a pod that exceeds it is evicted.
    """

    # `cpu=4` reads well and means `4`.
    model_config = ConfigDict(coerce_numbers_to_str=True)

    cpu: str = "4"
    memory: str = "16Gi"
    ephemeral_storage: str | None = None
    cpu_limit: str | None = None
    memory_limit: str | None = None
    ephemeral_storage_limit: str | None = None

    def problems(self, *, model_bytes: int | None) -> list[Problem]:
        """Everything wrong with the settings, for a model of that size (None where it is not known)."""
        found: list[Problem] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None:
                found += quantity_problems(value, argument=name)
        if found:
            return found
        for name in ("cpu", "memory", "ephemeral_storage"):
            request, limit = getattr(self, name), getattr(self, f"{name}_limit")
            if limit is not None and request is not None and quantity(limit) < quantity(request):
                remedy = f"Raise {name}_limit, or lower {name}"
                found.append(Problem(f"{name}_limit", f"{limit} is less than the request {request}", remedy))
        for name in ("ephemeral_storage", "ephemeral_storage_limit"):
            value = getattr(self, name)
            if value is not None and model_bytes is not None and quantity(value) < model_bytes:
                remedy = f"Give at least {ephemeral_storage_for(model_bytes)}, or leave it out to have it derived"
                found.append(Problem(name, f"{value} is less than the model's {model_bytes} bytes", remedy))
        return found

    def manifest(self, *, gpu: Gpu | None, model_bytes: int | None) -> dict[str, Any]:
        """The container's `resources`."""
        storage = self.ephemeral_storage
        if storage is None and model_bytes is not None:
            storage = self.ephemeral_storage_limit or ephemeral_storage_for(model_bytes)
        requests = {"cpu": self.cpu, "memory": self.memory}
        limits = {"cpu": self.cpu_limit or self.cpu, "memory": self.memory_limit or self.memory}
        if storage is not None:
            requests["ephemeral-storage"] = storage
            limits["ephemeral-storage"] = self.ephemeral_storage_limit or storage
        if gpu is not None:
            # Kubernetes wants both the same for extended resources.
            requests[gpu.resource] = limits[gpu.resource] = str(gpu.count)
        return {"requests": requests, "limits": limits}


def ephemeral_storage_for(model_bytes: int) -> str:
    """Node storage for a model, in whole GiB.

    Rounded up to a quarter of the power of two below: coarse enough that an edited file of a model does not change it.
    """
    needed = max(ceil((model_bytes * _HEADROOM + _RUNTIME_BYTES) / _GIB), 1)
    step = max(2 ** (needed.bit_length() - 3), 1)
    return f"{ceil(needed / step) * step}Gi"


def gpu_memory_problems(gpu: Gpu | None, model_bytes: int | None, *, devices: int | None = None) -> list[Problem]:
    """Whether the weights are larger than what a runtime may take of the GPUs that hold one copy of them.

    Args:
        gpu: the GPUs of a replica, or of a node of one.
        model_bytes: size of the weights.
        devices: number of GPUs that hold one copy; unset, all of a replica on one node.
    """
    if gpu is None or gpu.known_memory is None or model_bytes is None or gpu.problems():
        return []
    devices = gpu.count if devices is None else devices
    available = int(quantity(gpu.known_memory) * devices)
    usable = int(available * gpu.utilization)
    if model_bytes <= usable:
        return []
    found = f"{devices} x {gpu.known_memory} are {available} bytes, the model has {model_bytes}"
    found += f"; a runtime takes {gpu.utilization:.0%} of them, {usable} bytes, for weights and what it computes"
    return [Problem("gpu.memory", found, "Take more or larger GPUs, or a model of lower precision")]


PROTOCOL_VERSION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
"""What KServe's runtimes name their protocols: v1, v2, grpc-v2, openAI."""
