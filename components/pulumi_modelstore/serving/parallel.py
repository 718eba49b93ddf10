"""How one model is spread over GPUs and nodes."""

from __future__ import annotations

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.kserve.resources import Gpu


class Parallel(CheckedSettings):
    """The sizes of a model's parallelism; their product is the number of GPUs that hold one copy of the weights.

    Args:
        tensor: GPUs that share each layer; unset, all of a node.
        pipeline: groups of GPUs that share the layers one after another; unset, the number of nodes.
        nodes: nodes of one replica, each with the GPUs of `gpu`.
    """

    tensor: int | None = None
    pipeline: int | None = None
    nodes: int = 1

    def tensor_size(self, gpu: Gpu) -> int:
        """`tensor` with its default."""
        return gpu.count if self.tensor is None else self.tensor

    def pipeline_size(self) -> int:
        """`pipeline` with its default."""
        return self.nodes if self.pipeline is None else self.pipeline

    def devices(self, gpu: Gpu) -> int:
        """How many GPUs hold one copy of the weights."""
        return self.tensor_size(gpu) * self.pipeline_size()

    def problems(self, gpu: Gpu | None) -> list[Problem]:
        """Everything wrong with the sizes, for replicas with those GPUs on each node."""
        sizes = {"tensor": self.tensor, "pipeline": self.pipeline, "nodes": self.nodes}
        found = [
            Problem(name, f"is {size}", "Give at least 1")
            for name, size in sizes.items()
            if size is not None and size < 1
        ]
        if gpu is None:
            found.append(Problem("tensor", "is given for a service without GPUs", "Pass gpu=Gpu(count=...)"))
        if found or gpu is None:
            return found
        needed, there = self.devices(gpu), gpu.count * self.nodes
        if needed > there or (self.nodes > 1 and needed != there):
            said = f"tensor {self.tensor_size(gpu)} x pipeline {self.pipeline_size()} are {needed} GPUs, "
            said += f"{self.nodes} node(s) x {gpu.count} are {there}"
            found.append(Problem("tensor", said, "Make the products the same, or leave the sizes out"))
        return found


def parallel_arguments(parallel: Parallel | None, gpu: Gpu | None) -> list[str]:
    """The sizes as vLLM's command line takes them, and KServe's Hugging Face runtime hands them on."""
    if gpu is None or (parallel is None and gpu.count == 1):
        return []
    parallel = parallel or Parallel()
    pipeline = parallel.pipeline_size()
    return [f"--tensor-parallel-size={parallel.tensor_size(gpu)}"] + (
        [f"--pipeline-parallel-size={pipeline}"] if pipeline > 1 else []
    )
