"""One model on several nodes: the `workerSpec` of a predictor, and what KServe asks of a service that has one.

Source: KServe v0.20, validateMultiNodeVariables in pkg/apis/serving/v1beta1/inference_service_validation.go and
multiNodeProcess in pkg/controller/v1beta1/inferenceservice/components/predictor.go.
"""

from __future__ import annotations

import json
from typing import Any

from pulumi_modelstore.arguments.inputs import given_ones, is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.kserve.resources import Gpu
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.serving.environment import environment_variables
from pulumi_modelstore.serving.ray import WORKER
from pulumi_modelstore.serving.release import Release
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.serving.volumes import scheduling

AUTOSCALER = "serving.kserve.io/autoscalerClass"
_GPU_TYPES = "serving.kserve.io/gpu-resource-types"
_KNOWN_GPUS = ("nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi")
_SET_BY_KSERVE = ("PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE")
# Runtimes of KServe's own that have no worker.
_ONE_NODE_RUNTIMES = ("kserve-vllmserver", "kserve-huggingfaceserver")
_IMAGES = Release(0, 16)


def worker_spec(arguments: ServiceArguments, download_bytes: int | None) -> dict[str, Any] | None:
    """The predictor's `workerSpec`; None for a service whose replicas have one node each."""
    if arguments.parallel is None or arguments.gpu is None or arguments.nodes == 1:
        return None
    worker = {
        "name": WORKER,
        "env": environment_variables(arguments.environment) or None,
        "resources": arguments.resources.manifest(gpu=arguments.gpu, model_bytes=download_bytes),
        "volumeMounts": arguments.mounts_of_a_container(),
    }
    return given_ones(
        {
            "pipelineParallelSize": arguments.parallel.pipeline_size(),
            "tensorParallelSize": arguments.parallel.tensor_size(arguments.gpu),
            "containers": [given_ones(worker)],
            "securityContext": arguments.security.manifest(),
            "initContainers": arguments.init_containers(),
            "volumes": arguments.volumes_of_a_pod(),
            **scheduling(arguments.placement, arguments.volumes),
        }
    )


def worker_annotations(gpu: Gpu | None, nodes: int) -> dict[str, str]:
    """What the InferenceService of several nodes must be annotated with."""
    if nodes == 1 or gpu is None:
        return {}
    known = {} if gpu.resource in _KNOWN_GPUS else {_GPU_TYPES: json.dumps([gpu.resource])}
    return {AUTOSCALER: "none", **known}


def worker_problems(arguments: ServiceArguments, uri: Any) -> list[Problem]:
    """What KServe would refuse of a service on several nodes, or would not do with it."""
    if arguments.nodes == 1:
        return []
    found: list[Problem] = []
    several = f"on {arguments.nodes} nodes"
    if arguments.mode != "Standard":
        remedy = "Leave it out: several nodes are there in Standard mode only"
        found.append(Problem("deployment_mode", f"is {arguments.mode}, {several}", remedy))
    if (arguments.min_replicas, arguments.max_replicas) != (1, 1):
        remedy = "Leave both at 1, and declare a second service for more"
        found.append(Problem("max_replicas", f"is above 1, and {several} KServe deploys one replica", remedy))
    scheme = uri.partition("://")[0] if is_plain(uri) and isinstance(uri, str) else None
    schemes = ("pvc", "oci") if arguments.release >= _IMAGES else ("pvc",)
    if scheme is not None and scheme not in schemes:
        allowed = " or ".join(f"{known}://" for known in schemes)
        remedy = "Bring the model into a volume that all nodes can mount, or into an image"
        found.append(Problem("model", f"is {scheme}://, and {several} KServe takes {allowed} only", remedy))
    found += [
        Problem(f'environment["{name}"]', f"is set by KServe {several}", "Use parallel=Parallel(...)")
        for name in _SET_BY_KSERVE
        if name in arguments.environment
    ]
    return found + _runtime_problems(arguments, several)


def _runtime_problems(arguments: ServiceArguments, several: str) -> list[Problem]:
    remedy = 'Pass VllmRuntime(...), or "kserve-huggingfaceserver-multinode" with model_format="huggingface"'
    if isinstance(arguments.runtime, VllmRuntime):
        return []
    if arguments.runtime is None:
        return [Problem("runtime", f"is left to KServe, and {several} it needs one with a workerSpec", remedy)]
    if arguments.runtime in _ONE_NODE_RUNTIMES:
        return [Problem("runtime", f"{arguments.runtime} has no workerSpec, which {several} it needs", remedy)]
    return []
