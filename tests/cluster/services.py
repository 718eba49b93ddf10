"""Services as a program declares them, one of each kind; what they become is in the folder `golden`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cluster.volumes import VOLUMES
from pulumi_modelstore import (
    AccessKeyPair,
    ExistingKey,
    Gateway,
    Gpu,
    GpuInferenceService,
    Hpa,
    HubCredentials,
    HuggingFaceFill,
    Keda,
    Kpa,
    ModelArtifact,
    ModelReference,
    ModelRollout,
    ModelSize,
    ModelVolume,
    Mount,
    NodeCache,
    NodeGroup,
    Parallel,
    PodPlacement,
    Probe,
    Probes,
    Registry,
    RegistryCredentials,
    Resources,
    S3Compatible,
    SecretKey,
    Security,
    StorageInitializer,
    StorageNamespace,
    Toleration,
    Unscaled,
    VllmRuntime,
)

VLLM = VllmRuntime(image="vllm/vllm-openai:v0.11.0")
TAINTED = (Toleration(key="nvidia.com/gpu", effect="NoSchedule"),)


def declared_runtime() -> None:
    """vLLM declared, two GPUs, weights of a hub."""
    GpuInferenceService(
        "llama",
        model="hf://meta-llama/Llama-3.1-8B-Instruct:main",
        model_size=ModelSize(parameters="8B"),
        runtime=VLLM,
        gpu=Gpu(count=2, memory="24Gi"),
        environment={"HF_TOKEN": SecretKey(secret="hub")},
        kubernetes_namespace="serving",
    )


def everything_about_a_pod() -> None:
    """A runtime by name with all that a pod can be given."""
    group = NodeGroup(name="gpu", selector={"pool": "gpu"}, tolerations=TAINTED)
    data = ModelVolume(
        "data", size="100Gi", access_mode="ReadWriteMany", kubernetes_namespace="serving", placement=group
    )
    GpuInferenceService(
        "qwen",
        model="pvc://models/qwen",
        runtime="aml-vllm-0.11.2",
        model_format="transformers",
        protocol_version="v2",
        gpu=Gpu(count=4, resource="amd.com/gpu"),
        parallel=Parallel(tensor=2, pipeline=2),
        resources=Resources(cpu="8", memory="64Gi", ephemeral_storage="20Gi"),
        min_replicas=1,
        max_replicas=3,
        arguments=["--max-model-len=32768"],
        environment={"NCCL_DEBUG": "INFO", "HF_TOKEN": SecretKey(secret="hub", key="token", optional=True)},
        mounts=[
            Mount(volume=data, mount_from="sets", mount_as="/data", read_only=True),
            Mount(volume="adapters", mount_as="/adapters"),
        ],
        shared_memory="16Gi",
        placement=PodPlacement(tolerations=TAINTED, priority_class="high", runtime_class="nvidia"),
        probes=Probes(startup=Probe(failures=90), liveness=Probe(path="/health", period=30)),
        security=Security(user=1000, volume_group=1000),
        model_repository="team/qwen",
        pipeline_tag="text-generation",
        runtime_type="vllm",
        kubernetes_namespace="serving",
    )


def several_nodes() -> None:
    """One replica on two nodes of eight GPUs, served from a shared volume."""
    volume = ModelVolume(
        "deepseek",
        model=ModelSize(parameters="671B", precision="FP8"),
        access_mode="ReadWriteMany",
        nodes=2,
        kubernetes_namespace="serving",
    )
    GpuInferenceService(
        "deepseek",
        model=volume,
        runtime=VLLM,
        gpu=Gpu(count=8, memory="80Gi"),
        parallel=Parallel(nodes=2),
        resources=Resources(cpu="32", memory="512Gi"),
        shared_memory="64Gi",
        kubernetes_namespace="serving",
    )


def knative() -> None:
    """A service that scales to zero."""
    GpuInferenceService(
        "phi",
        model="oci://quay.io/models/phi@sha256:" + "0a" * 32,
        runtime="kserve-vllmserver",
        deployment_mode="Knative",
        min_replicas=0,
        max_replicas=4,
        gpu=Gpu(resource="nvidia.com/mig-1g.10gb"),
        kubernetes_namespace="serving",
    )


def knative_and_a_fill() -> None:
    """A service that scales to zero, from a volume whose fill each of its pods waits for."""
    fill = HuggingFaceFill(repository="microsoft/phi-4", revision="0a" * 20)
    volume = ModelVolume("phi", size="40Gi", fill=fill, kubernetes_namespace="serving")
    GpuInferenceService(
        "phi",
        model=volume,
        runtime="kserve-vllmserver",
        deployment_mode="Knative",
        min_replicas=0,
        wait_for_fill=True,
        kubernetes_namespace="serving",
    )


def private_registry() -> None:
    """A modelcar of Harbor, and a bucket's ServiceAccount that pulls from Quay; its Secret is a connection too."""
    harbor = RegistryCredentials(
        "harbor",
        registries=[Registry(host="harbor.example.org", username="robot$models", password="hush")],
        kubernetes_namespace="serving",
    )
    GpuInferenceService(
        "granite",
        model="oci+native://harbor.example.org/models/granite@sha256:" + "0a" * 32,
        credentials=harbor,
        runtime=VllmRuntime(image="harbor.example.org/vllm/vllm-openai:v0.11.0"),
    )
    HubCredentials("hub", token="hf_hush", kubernetes_namespace="serving")
    backend = S3Compatible(endpoint="https://minio.example.org:9000", bucket="models")
    models = StorageNamespace("models", backend=backend)
    models.kserve_credentials(
        "reader",
        keys=AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIAEXAMPLE", "hush")]),
        kubernetes_namespace="serving",
        pull_secrets=[harbor, "quay-pull"],
        openshift_ai=True,
    )


def fast_start() -> None:
    """A download with more than KServe gives it, caches on the nodes, and a stream."""
    backend = S3Compatible(endpoint="https://minio.example.org:9000", bucket="models")
    models = StorageNamespace("models", backend=backend)
    reader = models.kserve_credentials(
        "reader",
        keys=AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIAEXAMPLE", "hush")]),
        kubernetes_namespace="serving",
    )
    model = ModelReference("s3://models/models/llama/1/", models, 16_000_000_000)
    initializer = StorageInitializer(cpu="8", memory="16Gi")
    GpuInferenceService("downloaded", model=model, credentials=reader, storage_initializer=initializer)
    cache = NodeCache(node_groups=("gpu",))
    GpuInferenceService("cached", model=model, credentials=reader, node_cache=cache)
    GpuInferenceService(
        "cached-for-all",
        model="hf://meta-llama/Llama-3.1-8B-Instruct:main",
        node_cache=NodeCache(node_groups=("gpu",), size="20Gi", shared=True),
        service_account_name="hub",
        kubernetes_namespace="serving",
    )
    GpuInferenceService("streamed", model=model, credentials=reader, runtime=VLLM, streaming=True)


def rollout() -> None:
    """Two tags of a model with a share each: by a route, and by Knative's revisions."""
    backend = S3Compatible(endpoint="https://minio.example.org:9000", bucket="models")
    models = StorageNamespace("models", backend=backend)
    reader = models.kserve_credentials(
        "reader",
        keys=AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIAEXAMPLE", "hush")]),
        kubernetes_namespace="serving",
    )
    llama = ModelArtifact(
        "llama",
        namespace=models,
        source=Path(__file__),
        version="2024-04-01",
        tags={"v1": "2024-03-20", "v2": "2024-04-01"},
        earlier_versions=["2024-03-20"],
    )
    gateway = Gateway(name="kserve-ingress-gateway", namespace="kserve", listener="http")
    ModelRollout(
        "llama",
        model=llama,
        stable="v1",
        candidate="v2",
        candidate_percent=10,
        gateway=gateway,
        hostnames=["llama.example.org"],
        credentials=reader,
        runtime=VLLM,
    )
    ModelRollout(
        "llama-knative",
        model=llama,
        stable="v1",
        candidate="v2",
        candidate_percent=25,
        deployment_mode="Knative",
        credentials=reader,
        runtime="kserve-vllmserver",
        min_replicas=0,
    )


def autoscaled() -> None:
    """By CPU, by a query and to zero, by nothing, and by Knative's own autoscaler."""
    query = 'sum(vllm:num_requests_running{model_name="by-query"})'
    keda = Keda(query=query, server="http://prometheus.monitoring:9090", threshold="4")
    common: dict[str, Any] = {"model": "pvc://models/llama", "kubernetes_namespace": "serving", "runtime": "vllm"}
    GpuInferenceService("by-cpu", **common, max_replicas=4, autoscaling=Hpa(target=70))
    GpuInferenceService("by-query", **common, min_replicas=0, max_replicas=4, autoscaling=keda)
    GpuInferenceService("fixed", **common, min_replicas=2, autoscaling=Unscaled())
    GpuInferenceService(
        "by-requests", **common, deployment_mode="Knative", min_replicas=0, max_replicas=4, autoscaling=Kpa(target=8)
    )


PROGRAMS: dict[str, Callable[[], None]] = {
    "declared-runtime": declared_runtime,
    "everything-about-a-pod": everything_about_a_pod,
    "several-nodes": several_nodes,
    "knative": knative,
    "knative-and-a-fill": knative_and_a_fill,
    "private-registry": private_registry,
    "fast-start": fast_start,
    "rollout": rollout,
    "autoscaled": autoscaled,
    **VOLUMES,
}
