"""`VllmRuntime`: a ServingRuntime for vLLM that the stack declares itself.

Source: KServe v0.20, config/runtimes/kserve-vllmserver.yaml; vLLM's documentation of its server's arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_modelstore.arguments.image import IMAGE
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.kserve.resources import DEFAULT_UTILIZATION, Gpu
from pulumi_modelstore.serving import ray
from pulumi_modelstore.serving.environment import argument_problems
from pulumi_modelstore.serving.mount import MODEL_PLACE
from pulumi_modelstore.serving.parallel import Parallel, parallel_arguments
from pulumi_modelstore.serving.probe import MOST_PORT, Probes
from pulumi_modelstore.serving.security import SECURE_CONTAINER
from pulumi_modelstore.serving.shared_memory import shared_memory_mount, shared_memory_volume

CONTAINER = "kserve-container"
"""What KServe calls the container of a runtime that serves the model."""

_OWN_ARGUMENTS = ("--port", "--model", "--served-model-name", "--tensor-parallel-size", "--pipeline-parallel-size")
# Where a user without a home may write, and a name for one that no passwd file has.
_ENVIRONMENT = {
    "HF_HOME": "/tmp/huggingface",  # noqa: S108 - a place in a container
    "HOME": "/tmp",  # noqa: S108 - a place in a container
    "USER": "vllm",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
}


class VllmRuntime(CheckedSettings):
    """vLLM's OpenAI server, as a ServingRuntime beside the service.

    Args:
        image: such as `vllm/vllm-openai:v0.11.0`; for clusters without internet, a registry's own copy.
        arguments: further arguments of the server, such as `--max-model-len=32768`.
        port: where it listens.
        served_model_name: what clients call the model; unset, the service's name.
        probes: when it counts as started, ready and alive.
        user: numeric id that it runs as, never root; None for the image's own, or where OpenShift chooses one.
    """

    image: str
    arguments: tuple[str, ...] = ()
    port: int = 8080
    served_model_name: str | None = None
    probes: Probes = Probes()
    user: int | None = 1000

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = [*argument_problems(self.arguments)]
        if not IMAGE.fullmatch(self.image):
            remedy = "Write it like vllm/vllm-openai:v0.11.0"
            found.append(Problem("image", f'"{self.image}" is no name of an image', remedy))
        if not 1024 <= self.port <= MOST_PORT:
            remedy = f"Choose one from 1024 to {MOST_PORT}: lower ones are root's"
            found.append(Problem("port", f"{self.port} is no port for it", remedy))
        if self.user is not None and self.user < 1:
            found.append(Problem("user", f"is {self.user}", "Choose a user above 0: the runtime does not run as root"))
        if self.served_model_name == "":
            found.append(Problem("served_model_name", "is empty", "Leave it out, or name the model"))
        for argument in self.arguments:
            name = argument.partition("=")[0]
            if name in _OWN_ARGUMENTS:
                remedy = "Use port, served_model_name, or parallel of the service"
                found.append(Problem("arguments", f"{name} is one that the package sets", remedy))
        return found + [problem.under("probes") for problem in self.probes.problems()]

    def warnings(self) -> list[str]:
        """What is allowed and still likely to be a mistake."""
        tag = self.image.rpartition("/")[2].partition(":")[2]
        if "@sha256:" in self.image or tag not in ("", "latest"):
            return []
        return [f"{self.image} has no fixed version: pods that start later may run another one"]

    def manifest(
        self, *, model_format: Any, gpu: Gpu | None, parallel: Parallel | None, streaming: bool = False
    ) -> dict[str, Any]:
        """The ServingRuntime's `spec`; where the weights are streamed, the service says from where."""
        model = None if streaming else MODEL_PLACE
        several = parallel is not None and parallel.nodes > 1
        return {
            "annotations": {"prometheus.kserve.io/port": str(self.port), "prometheus.kserve.io/path": "/metrics"},
            "supportedModelFormats": [{"name": model_format, "autoSelect": False}],
            "containers": [self._server(gpu, parallel, model, several=several)],
            "volumes": [shared_memory_volume()],
            **({"workerSpec": self._worker(gpu, parallel)} if several and gpu is not None and parallel else {}),
        }

    def _server(
        self, gpu: Gpu | None, parallel: Parallel | None, model: str | None, *, several: bool
    ) -> dict[str, Any]:
        command = ray.HEAD_COMMAND if several else ["python3", "-m", "vllm.entrypoints.openai.api_server"]
        return {
            **self._container(CONTAINER, command, several=several),
            "args": [*self.server_arguments(gpu, parallel, model), *(ray.ARGUMENTS if several else ())],
            "ports": [{"containerPort": self.port, "protocol": "TCP"}],
            **self.probes.manifest(port=self.port),
        }

    def _worker(self, gpu: Gpu, parallel: Parallel) -> dict[str, Any]:
        return {
            "pipelineParallelSize": parallel.pipeline_size(),
            "tensorParallelSize": parallel.tensor_size(gpu),
            "containers": [self._container(ray.WORKER, ray.WORKER_COMMAND, several=True)],
            "volumes": [shared_memory_volume()],
        }

    def _container(self, name: str, command: Sequence[str], *, several: bool) -> dict[str, Any]:
        variables = [{"name": variable, "value": value} for variable, value in _ENVIRONMENT.items()]
        return {
            "name": name,
            "image": self.image,
            "command": list(command),
            "env": [*variables, *(ray.ENVIRONMENT if several else ())],
            "securityContext": self.security(),
            "volumeMounts": [shared_memory_mount()],
        }

    def server_arguments(self, gpu: Gpu | None, parallel: Parallel | None, model: str | None) -> Sequence[str]:
        """The server's command line."""
        utilization = gpu.utilization if gpu is not None else DEFAULT_UTILIZATION
        return [
            f"--port={self.port}",
            # KServe fills the service's name in.
            f"--served-model-name={self.served_model_name or '{{.Name}}'}",
            *([f"--model={model}"] if model else []),
            *parallel_arguments(parallel, gpu),
            *([f"--gpu-memory-utilization={utilization}"] if utilization != DEFAULT_UTILIZATION else []),
            *self.arguments,
        ]

    def security(self) -> dict[str, Any]:
        """The container's `securityContext`: never root."""
        user = {} if self.user is None else {"runAsUser": self.user}
        return {**SECURE_CONTAINER, "runAsNonRoot": True, **user}
