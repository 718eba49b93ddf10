"""`GpuInferenceService`: a KServe InferenceService that serves one model on GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.refusal import InvalidArguments, Refusal
from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.kserve.resources import Gpu, Resources
from pulumi_modelstore.kserve.service_check import (
    DEPLOYMENT_MODE,
    ServiceArguments,
    check_model,
    check_service,
)
from pulumi_modelstore.kserve.storage_uri import uri_problems, uri_warnings

_CHECKSUM = "pulumi-modelstore/credentials-checksum"


class GpuInferenceService(CheckedComponent):
    """A v1beta1 InferenceService in Standard mode, deployed once the model is where it is to be read.

    Args:
        name: of the service, in the stack and in Kubernetes unless `service_name` is given.
        model: an artifact, what `artifact.at(tag)` gives, or a storage URI (`pvc://claim/path`, `oci://image`, ...).
        credentials: what pods read the model with; needed for `s3://`.
        runtime: name of a ServingRuntime or ClusterServingRuntime; unset, KServe chooses one by `model_format`.
        model_format: format that the runtime supports, such as `vLLM`, `huggingface` or `transformers`.
        model_format_version: version of the format.
        gpu: GPUs of a replica; None for a runtime that works without.
        resources: requests and limits beside the GPUs.
        min_replicas: at least 1: Standard mode does not scale to zero.
        max_replicas: unset, the same as `min_replicas`.
        protocol_version: protocol that clients speak, such as `v1`, `v2` or `grpc-v2`.
        model_name: name of the model's container.
        kubernetes_namespace: where the service lives; unset, that of `credentials`, else `default`.
        service_name: name of the InferenceService.
        service_account_name: ServiceAccount of pods without `credentials`, such as one bound to a cloud role.
        model_repository: repository of the model, for Alauda AI (annotation `aml-model-repo`).
        pipeline_tag: task of the model, for Alauda AI (annotation `aml-pipeline-tag`).
        runtime_type: type of the runtime, for Alauda AI (label `aml.cpaas.io/runtime-type`).
        annotations: further annotations.
        labels: further labels.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    service_name: pulumi.Output[str]
    """Name of the InferenceService."""
    kubernetes_namespace: pulumi.Output[str]
    """Where it lives."""
    storage_uri: pulumi.Output[str]
    """Where pods read the model from."""

    def __init__(
        self,
        name: str,
        *,
        model: ModelArtifact | ModelReference | pulumi.Input[str],
        credentials: KServeCredentials | None = None,
        runtime: pulumi.Input[str] | None = None,
        model_format: pulumi.Input[str] = "vLLM",
        model_format_version: str | None = None,
        gpu: Gpu | None = Gpu(),  # noqa: B008 - frozen, so sharing the default is safe
        resources: Resources = Resources(),  # noqa: B008 - frozen, so sharing the default is safe
        min_replicas: int = 1,
        max_replicas: int | None = None,
        protocol_version: str | None = None,
        model_name: str | None = None,
        kubernetes_namespace: pulumi.Input[str] | None = None,
        service_name: str | None = None,
        service_account_name: pulumi.Input[str] | None = None,
        model_repository: str | None = None,
        pipeline_tag: str | None = None,
        runtime_type: str | None = None,
        annotations: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("GpuInferenceService", name)
        if credentials is not None:
            check.uses("credentials", credentials, KServeCredentials)
        if not isinstance(credentials, KServeCredentials):
            credentials = None
        if kubernetes_namespace is None:
            kubernetes_namespace = credentials.kubernetes_namespace_input if credentials else "default"
        labels, annotations = check.mapping("labels", labels), check.mapping("annotations", annotations)
        model_format_version = check.text("model_format_version", model_format_version)
        arguments = ServiceArguments(
            service_name=check.name if service_name is None else service_name,
            kubernetes_namespace=kubernetes_namespace,
            credentials=credentials,
            service_account_name=service_account_name,
            runtime=runtime,
            model_format=model_format,
            gpu=gpu,
            resources=resources,
            min_replicas=min_replicas,
            max_replicas=min_replicas if max_replicas is None else max_replicas,
            protocol_version=check.text("protocol_version", protocol_version),
            model_name=model_name,
            annotations={
                "serving.kserve.io/deploymentMode": DEPLOYMENT_MODE,
                **_given({"aml-model-repo": model_repository, "aml-pipeline-tag": pipeline_tag}),
                **annotations,
            },
            labels={**_given({"aml.cpaas.io/runtime-type": runtime_type}), **labels},
        )
        reference = check_model(check, model, arguments)
        check_service(check, arguments, model_bytes=reference.total_bytes)
        super().__init__(check, opts)
        if self.refused:
            return
        storage_uri = derive(self._checked_uri, reference.uri)
        model_spec = _given(
            {
                "modelFormat": _given({"name": model_format, "version": model_format_version}),
                "runtime": runtime,
                "storageUri": storage_uri,
                "protocolVersion": protocol_version,
                "name": model_name,
                "resources": resources.manifest(gpu=gpu, model_bytes=reference.total_bytes),
            }
        )
        waits_for = [*reference.after, *(credentials.objects if credentials else ())]
        KubernetesObject(
            f"{check.name}-service",
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            manifest={
                "metadata": arguments.metadata(),
                "spec": {"predictor": {**_pod(arguments), "model": model_spec}},
            },
            opts=self.child_options(depends_on=waits_for),
        )
        self.service_name = pulumi.Output.from_input(arguments.service_name)
        self.kubernetes_namespace = pulumi.Output.from_input(kubernetes_namespace)
        self.storage_uri = pulumi.Output.from_input(storage_uri)
        self.register_outputs(
            {
                "serviceName": self.service_name,
                "kubernetesNamespace": self.kubernetes_namespace,
                "storageUri": self.storage_uri,
            }
        )

    def _checked_uri(self, uri: str) -> str:
        """The URI; one that another resource gave is refused here, as soon as it is known."""
        problems = uri_problems(uri)
        if problems:
            raise InvalidArguments([Refusal("GpuInferenceService", self.given_name, tuple(problems))])
        for warning in uri_warnings(uri):
            pulumi.log.warn(warning, self)
        return uri


def _pod(arguments: ServiceArguments) -> dict[str, Any]:
    credentials = arguments.credentials
    return _given(
        {
            "minReplicas": arguments.min_replicas,
            "maxReplicas": arguments.max_replicas,
            "serviceAccountName": credentials.account_name if credentials else arguments.service_account_name,
            "labels": (dict(credentials.pod_labels) or None) if credentials else None,
            # Pods read keys from their environment, once: a new key must make new pods.
            "annotations": {_CHECKSUM: credentials.checksum} if credentials else None,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        }
    )


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
