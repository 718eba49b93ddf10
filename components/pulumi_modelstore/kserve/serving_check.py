"""What a service's runtime, parallelism, environment, mounts and place must be."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.kserve.resources import Gpu, Resources, gpu_memory_problems
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.serving.environment import argument_problems, environment_problems
from pulumi_modelstore.serving.mount import MODEL_PLACE, mount_problems
from pulumi_modelstore.serving.parallel import Parallel
from pulumi_modelstore.serving.pod_placement import PodPlacement
from pulumi_modelstore.serving.probe import Probes
from pulumi_modelstore.serving.readiness import Readiness
from pulumi_modelstore.serving.security import Security
from pulumi_modelstore.serving.shared_memory import PLACE, shared_memory_problems
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.serving.workers import worker_problems

MODE = "serving.kserve.io/deploymentMode"
"""The annotation of a service's mode: immutable once the service has it."""


def check_serving(check: ArgumentCheck, arguments: ServiceArguments, *, uri: Any, model_bytes: int | None) -> None:
    """Check what serves the model, for weights of that size at that URI."""
    if isinstance(arguments.runtime, VllmRuntime) and check.uses_settings(arguments.runtime):
        check.extend(arguments.runtime.problems(), under="runtime")
    _check_gpus(check, arguments, uri, model_bytes)
    check.extend(environment_problems(arguments.environment))
    check.extend(argument_problems(arguments.arguments))
    shared = [PLACE] if arguments.shared_memory else []
    if all(check.uses_settings(mount) for mount in arguments.mounts):
        check.extend(mount_problems(arguments.mounts, taken=[MODEL_PLACE, *shared]))
    if isinstance(arguments.resources, Resources):
        limit = arguments.resources.memory_limit or arguments.resources.memory
        check.extend(shared_memory_problems(arguments.shared_memory, limit))
    placement, probes, security = arguments.placement, arguments.probes, arguments.security
    if placement is not None and check.settings("placement", placement, PodPlacement, remedy="Pass PodPlacement(...)"):
        check.extend(placement.problems(), under="placement")
    if probes is not None and check.settings("probes", probes, Probes, remedy="Pass Probes(...)"):
        check.extend(probes.problems(), under="probes")
        if isinstance(arguments.runtime, VllmRuntime):
            check.add("probes", "are given beside a VllmRuntime", "Give them to the runtime")
    readiness = arguments.readiness
    if readiness is not None and check.settings("readiness", readiness, Readiness, remedy="Pass Readiness(...)"):
        check.extend(readiness.problems(), under="readiness")
    if check.settings("security", security, Security, remedy="Pass Security(...)"):
        check.extend(security.problems(), under="security")


def _check_gpus(check: ArgumentCheck, arguments: ServiceArguments, uri: Any, model_bytes: int | None) -> None:
    gpu, parallel = arguments.gpu, arguments.parallel
    if gpu is not None and (not isinstance(gpu, Gpu) or gpu.refused or gpu.problems()):
        return
    if parallel is None:
        check.extend(gpu_memory_problems(gpu, model_bytes))
        return
    if not check.settings("parallel", parallel, Parallel, remedy="Pass Parallel(tensor=..., pipeline=..., nodes=...)"):
        return
    problems = parallel.problems(gpu)
    check.extend(problems, under="parallel")
    if not problems and gpu is not None:
        check.extend(gpu_memory_problems(gpu, model_bytes, devices=parallel.devices(gpu)))
        check.extend(worker_problems(arguments, uri))
