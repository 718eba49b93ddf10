"""The predictor of an InferenceService, as KServe's v1beta1 spells it."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_modelstore.arguments.inputs import given_ones
from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.serving.environment import environment_variables
from pulumi_modelstore.serving.parallel import parallel_arguments
from pulumi_modelstore.serving.streaming import streaming_arguments, streaming_environment
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.serving.volumes import deployment_strategy, scheduling
from pulumi_modelstore.serving.workers import worker_spec

_CHECKSUM = "pulumi-modelstore/credentials-checksum"
# Where a probe of the service looks when the runtime is known by its name alone: KServe's runtimes listen there.
_RUNTIME_PORT = 8080


def predictor(
    arguments: ServiceArguments, storage_uri: pulumi.Input[str], *, download_bytes: int | None
) -> dict[str, Any]:
    """The object's `spec.predictor`.

    Args:
        arguments: of the service.
        storage_uri: where the model is.
        download_bytes: size of what a pod downloads into its own storage; None where it downloads nothing, or where
            nobody knows.
    """
    return {**_pod(arguments, download_bytes), "model": _model(arguments, storage_uri, download_bytes)}


def _model(arguments: ServiceArguments, storage_uri: pulumi.Input[str], download_bytes: int | None) -> dict[str, Any]:
    return given_ones(
        {
            "modelFormat": given_ones({"name": arguments.model_format, "version": arguments.model_format_version}),
            "runtime": arguments.runtime_name,
            "storageUri": None if arguments.streaming else storage_uri,
            "protocolVersion": arguments.protocol_version,
            "name": arguments.model_name,
            "args": _command_line(arguments, storage_uri) or None,
            "env": _environment(arguments) or None,
            "resources": arguments.resources.manifest(gpu=arguments.gpu, model_bytes=download_bytes),
            "volumeMounts": arguments.mounts_of_a_container(),
            **(arguments.probes.manifest(port=_RUNTIME_PORT) if arguments.probes else {}),
        }
    )


def _environment(arguments: ServiceArguments) -> list[dict[str, Any]]:
    variables = environment_variables(arguments.environment)
    credentials = arguments.credentials
    if not arguments.streaming or not isinstance(credentials, KServeCredentials):
        return variables
    return [
        *(item for item in streaming_environment(credentials) if item["name"] not in arguments.environment),
        *variables,
    ]


def _command_line(arguments: ServiceArguments, storage_uri: pulumi.Input[str]) -> list[pulumi.Input[str]]:
    """What is added to the runtime's own command line; in several nodes KServe itself hands the sizes on."""
    stream = streaming_arguments(storage_uri) if arguments.streaming else []
    sizes: list[str] = []
    if arguments.parallel is not None and arguments.nodes == 1 and not isinstance(arguments.runtime, VllmRuntime):
        sizes = parallel_arguments(arguments.parallel, arguments.gpu)
    return [*stream, *sizes, *arguments.arguments]


def _strategy(arguments: ServiceArguments) -> dict[str, Any] | None:
    # Knative replaces pods in its own way, and refuses to be told.
    return deployment_strategy(arguments.placement, arguments.volumes) if arguments.mode == "Standard" else None


def _pod(arguments: ServiceArguments, download_bytes: int | None) -> dict[str, Any]:
    credentials = arguments.credentials
    return given_ones(
        {
            "minReplicas": arguments.min_replicas,
            "maxReplicas": arguments.max_replicas,
            **(arguments.autoscaling.fields() if arguments.autoscaling else {}),
            "deploymentStrategy": _strategy(arguments),
            "canaryTrafficPercent": arguments.canary_traffic_percent,
            "serviceAccountName": arguments.account_name,
            "storageContainerName": arguments.initializer_name,
            "labels": (dict(credentials.pod_labels) or None) if credentials else None,
            # Pods read keys from their environment, once: a new key must make new pods.
            "annotations": {_CHECKSUM: credentials.checksum} if isinstance(credentials, KServeCredentials) else None,
            "securityContext": arguments.security.manifest(),
            "initContainers": arguments.init_containers(),
            "volumes": arguments.volumes_of_a_pod(),
            "workerSpec": worker_spec(arguments, download_bytes),
            **scheduling(arguments.placement, arguments.volumes, arguments.node_cache),
        }
    )
