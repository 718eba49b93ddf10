"""`GpuInferenceService`: a KServe InferenceService that serves one model on GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.refusal import InvalidArguments, Refusal
from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
from pulumi_modelstore.artifacts.purged_versions import declare_use
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.kserve.given import Alauda, arguments_of
from pulumi_modelstore.kserve.hub import HubCredentials
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.kserve.predictor import predictor
from pulumi_modelstore.kserve.registry import RegistryCredentials
from pulumi_modelstore.kserve.resources import Gpu, Resources
from pulumi_modelstore.kserve.service_check import check_model, check_model_size, check_service
from pulumi_modelstore.kserve.service_wait import declare_wait
from pulumi_modelstore.kserve.service_warnings import service_warnings
from pulumi_modelstore.kserve.start import declare_beside
from pulumi_modelstore.kserve.storage_uri import is_downloaded, uri_problems, uri_warnings
from pulumi_modelstore.serving.autoscaling import Autoscaling
from pulumi_modelstore.serving.environment import SecretKey
from pulumi_modelstore.serving.mount import Mount
from pulumi_modelstore.serving.node_cache import NodeCache
from pulumi_modelstore.serving.parallel import Parallel
from pulumi_modelstore.serving.pod_placement import PodPlacement
from pulumi_modelstore.serving.probe import Probes
from pulumi_modelstore.serving.readiness import Readiness
from pulumi_modelstore.serving.release import Mode, uri_release_problems
from pulumi_modelstore.serving.security import Security
from pulumi_modelstore.serving.storage_initializer import StorageInitializer
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.volumes.model_volume import ModelVolume
from pulumi_modelstore.volumes.sizing import ModelSize


class GpuInferenceService(CheckedComponent):
    """A v1beta1 InferenceService, deployed once the model is where it is to be read.

    Args:
        name: of the service, in the stack and in Kubernetes unless `service_name` is given.
        model: an artifact, what `artifact.at(tag)` gives, a volume, or a storage URI (`pvc://claim/path`,
            `oci://image`, `hf://owner/model`, ...).
        credentials: what pods read the model with; needed for `s3://`, for images of private registries
            (`RegistryCredentials`) and for gated models of the hub (`HubCredentials`).
        runtime: name of a ServingRuntime or ClusterServingRuntime, or a `VllmRuntime` to declare; unset, KServe chooses
            one by `model_format`.
        model_format: format that the runtime supports, such as `vLLM`, `huggingface` or `transformers`.
        model_format_version: version of the format.
        gpu: GPUs of a replica, or of each of its nodes; None for a runtime that works without.
        parallel: how the weights are spread over GPUs and nodes; unset, as the runtime does by itself.
        resources: requests and limits beside the GPUs.
        min_replicas: 0 only where something scales to zero: in Knative mode, or with `Keda(...)`.
        max_replicas: unset, the same as `min_replicas`.
        autoscaling: `Hpa(...)`, `Keda(...)` or `Unscaled(...)` in Standard mode, `Kpa(...)` in Knative mode; unset,
            what KServe does unasked, by CPU in Standard mode.
        protocol_version: protocol that clients speak, such as `v1`, `v2` or `grpc-v2`.
        model_name: name of the model's container, where KServe is older than 0.16.
        model_path: folder of the volume where `model` is a `ModelVolume`; unset, all of it.
        model_size: size of the weights where nothing else says it, such as `48G` or `ModelSize(parameters="24B")`.
        arguments: what is added to the runtime's command line.
        environment: variables, each a text or `SecretKey(...)`; secrets as text are refused.
        mounts: further file systems; unset, those in the stack's configuration under `mounts`, such as one that all
            workloads share.
        shared_memory: size of `/dev/shm`, such as `8Gi`; a `VllmRuntime` has one without.
        placement: nodes that may have the pods.
        probes: probes in the place of those of a runtime by name.
        security: unset, `RuntimeDefault` for system calls, and never root; but for KServe's own `kserve-vllmserver`,
            whose image starts as root, with a warning. `Security(non_root=False)` for another such image.
        storage_initializer: what the download of the model may use, where KServe's own is too small.
        node_cache: keep the model on the nodes: pods download nothing once a node has it.
        streaming: have a `VllmRuntime` stream the weights from S3 into the GPUs, with the key of `credentials`.
        wait_for_fill: have pods wait until volumes are filled, and start anew when another source fills them, by an
            init container; unset, in Standard mode alone, since Knative refuses those unless its features enable them.
        readiness: wait until the service answers, and fail with the reason where it does not; unset, do not wait.
        deployment_mode: `Standard` or `Knative`; a change is a replacement.
        canary_traffic_percent: share of the requests that a changed service gets beside the revision before, 0 to 100;
            in Knative mode only (`ModelRollout` does it in both).
        kserve_version: the cluster's, such as `0.20`; what it does not take is refused.
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
        model: ModelArtifact | ModelReference | ModelVolume | pulumi.Input[str],
        credentials: KServeCredentials | RegistryCredentials | HubCredentials | None = None,
        runtime: pulumi.Input[str] | VllmRuntime | None = None,
        model_format: pulumi.Input[str] = "vLLM",
        model_format_version: str | None = None,
        gpu: Gpu | None = Gpu(),  # noqa: B008 - frozen, so sharing the default is safe
        parallel: Parallel | None = None,
        resources: Resources = Resources(),  # noqa: B008 - frozen, so sharing the default is safe
        min_replicas: int = 1,
        max_replicas: int | None = None,
        autoscaling: Autoscaling | None = None,
        protocol_version: str | None = None,
        model_name: str | None = None,
        model_path: str | None = None,
        model_size: str | ModelSize | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, pulumi.Input[str] | SecretKey] | None = None,
        mounts: Sequence[Mount] | None = None,
        shared_memory: str | None = None,
        placement: PodPlacement | None = None,
        probes: Probes | None = None,
        security: Security | None = None,
        storage_initializer: StorageInitializer | None = None,
        node_cache: NodeCache | None = None,
        streaming: bool = False,
        wait_for_fill: bool | None = None,
        readiness: Readiness | None = None,
        deployment_mode: Mode = "Standard",
        canary_traffic_percent: int | None = None,
        kserve_version: str = "0.20",
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
        given = arguments_of(
            check,
            model=model,
            service_name=check.name if service_name is None else service_name,
            kubernetes_namespace=kubernetes_namespace,
            credentials=credentials,
            service_account_name=service_account_name,
            kserve_version=kserve_version,
            mode=deployment_mode,
            canary_traffic_percent=canary_traffic_percent,
            runtime=runtime,
            model_format=model_format,
            model_format_version=model_format_version,
            gpu=gpu,
            parallel=parallel,
            resources=resources,
            min_replicas=min_replicas,
            max_replicas=max_replicas,
            autoscaling=autoscaling,
            protocol_version=protocol_version,
            model_name=model_name,
            arguments=arguments,
            environment=environment,
            mounts=mounts,
            shared_memory=shared_memory,
            placement=placement,
            probes=probes,
            given_security=security,
            storage_initializer=storage_initializer,
            node_cache=node_cache,
            streaming=streaming,
            wait_for_fill=wait_for_fill,
            readiness=readiness,
            alauda=Alauda(model_repository, pipeline_tag, runtime_type),
            annotations=annotations,
            labels=labels,
        )
        reference = check_model(check, model, given, path=model_path)
        model_bytes = check_model_size(check, model_size, reference.total_bytes)
        download_bytes = model_bytes if is_downloaded(reference.uri) and not given.streaming else None
        check_service(check, given, uri=reference.uri, model_bytes=model_bytes, download_bytes=download_bytes)
        super().__init__(check, opts)
        if self.refused:
            return
        declare_use(check.component, check.name, reference.uri, reference.after)
        self._release, self.namespace_input = given.release, given.kubernetes_namespace
        storage_uri = derive(self._checked_uri, reference.uri)
        after = [*reference.after, *(credentials.objects if credentials else ())]
        after += [item for volume in given.volumes for item in volume.objects if item not in after]
        after += declare_beside(self, given, storage_uri, model_bytes=model_bytes, after=after)
        for warning in service_warnings(given):
            pulumi.log.warn(warning, self)
        for volume in given.volumes:
            volume.mounted_by.append(check.name)
        manifest = {
            "metadata": given.metadata(),
            "spec": {"predictor": predictor(given, storage_uri, download_bytes=download_bytes)},
        }
        service = KubernetesObject(
            f"{check.name}-service",
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            manifest=manifest,
            opts=self.child_options(depends_on=after),
        )
        if given.readiness is not None:
            declare_wait(self, given, manifest, service)
        outputs = {
            "service_name": given.service_name,
            "kubernetes_namespace": given.kubernetes_namespace,
            "storage_uri": storage_uri,
        }
        for output, value in outputs.items():
            setattr(self, output, pulumi.Output.from_input(value))
        self.register_outputs(
            {
                "serviceName": self.service_name,
                "kubernetesNamespace": self.kubernetes_namespace,
                "storageUri": self.storage_uri,
            }
        )

    def _checked_uri(self, uri: str) -> str:
        """The URI; one that another resource gave is refused here, as soon as it is known."""
        problems = uri_problems(uri) or uri_release_problems(uri, self._release)
        if problems:
            raise InvalidArguments([Refusal("GpuInferenceService", self.given_name, tuple(problems))])
        for warning in uri_warnings(uri):
            pulumi.log.warn(warning, self)
        return uri
