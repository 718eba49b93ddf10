"""Volumes as a program declares them: each storage class, each placement, each fill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pulumi_modelstore import (
    AccessKeyPair,
    ArtifactFill,
    AzureFiles,
    BucketFill,
    BucketFolder,
    CephFs,
    CloudflareR2,
    Efs,
    EmptyDir,
    ExistingKey,
    Filestore,
    FillJob,
    FsxLustre,
    GcpManagedLustre,
    GpuInferenceService,
    HuggingFaceFill,
    ImageFill,
    LocalDisk,
    LocalPath,
    ModelNodeGroup,
    ModelReference,
    ModelSize,
    ModelVolume,
    Mount,
    Nfs,
    NodeGroup,
    Registry,
    RegistryCredentials,
    Resources,
    S3Compatible,
    SecretKeyPair,
    StorageNamespace,
    Toleration,
    TopoLvm,
    VastNfs,
    VolumeClass,
    VolumeFiles,
    WekaFs,
)

_COMMIT = "0a" * 20
_IMAGE = "quay.io/team/llama@sha256:" + "0a" * 32
_GROUP = NodeGroup(
    name="h100", selector={"pool": "h100"}, tolerations=(Toleration(key="nvidia.com/gpu", effect="NoSchedule"),)
)


def storage_classes() -> None:
    """Every class, declared, and a volume of one."""
    secret = {"secret_name": "csi", "secret_namespace": "storage"}
    settings = [
        Efs(file_system_id="fs-0123", base_path="/models"),
        FsxLustre(
            subnet_id="subnet-1", security_group_ids=("sg-1", "sg-2"), deployment_type="PERSISTENT_2", throughput=250
        ),
        Filestore(tier="enterprise", network="gpu"),
        GcpManagedLustre(throughput=500),
        AzureFiles(sku_name="Premium_ZRS"),
        CephFs(cluster_id="c1", file_system="models", **secret),
        VastNfs(vip_pool_name="pool", root_export="/k8s", view_policy="default", **secret),
        WekaFs(file_system="models", **secret),
        Nfs(server="nfs.example.org", share="/models", sub_directory="${pvc.metadata.name}"),
        LocalPath(node_path="/mnt/nvme"),
        TopoLvm(class_name="nvme", reclaim_policy="Delete"),
    ]
    classes = {item.kind: VolumeClass(item.kind, settings=item) for item in settings}
    ModelVolume("llama", model=ModelSize(parameters="70B"), storage_class=classes["fsx-lustre"], nodes=4)


def volume_from_the_hub() -> None:
    """A gated model of the hub in a volume of one node's disk, and a service that waits for it."""
    volume = ModelVolume(
        "llama",
        model=ModelSize(parameters="8B"),
        storage_class=TopoLvm(class_name="nvme"),
        placement=LocalDisk(node_group=_GROUP),
        fill=HuggingFaceFill(
            repository="meta-llama/Llama-3.1-8B-Instruct",
            revision=_COMMIT,
            exclude=("original/*",),
            token_secret="hub",
            folder="llama",
        ),
        fill_job=FillJob(image="kserve/storage-initializer:v0.20.0", environment={"HTTPS_PROXY": "http://proxy:3128"}),
        kubernetes_namespace="serving",
    )
    GpuInferenceService("llama", model=volume, runtime="kserve-vllmserver", kubernetes_namespace="serving")


def volume_from_an_image() -> None:
    """A model in an image, copied into a shared volume."""
    ModelVolume(
        "llama",
        size="20Gi",
        access_mode="ReadWriteMany",
        nodes=3,
        fill=ImageFill(image=_IMAGE),
        fill_job=FillJob(pull_secrets=("harbor",)),
        kubernetes_namespace="serving",
    )


def scratch_from_an_image_volume() -> None:
    """Scratch space that each pod fills from an image that the node mounts."""
    scratch = ModelVolume(
        "draft",
        size="4Gi",
        placement=EmptyDir(medium="Memory"),
        mount_path="/draft",
        fill=ImageFill(image=_IMAGE, method="image-volume"),
        kubernetes_namespace="serving",
    )
    GpuInferenceService(
        "llama",
        model="pvc://llama",
        runtime="kserve-vllmserver",
        resources=Resources(memory="32Gi"),
        mounts=[Mount(volume=scratch, mount_as="/draft", read_only=True)],
        kubernetes_namespace="serving",
    )


def volume_from_an_artifact() -> None:
    """A version of a model, brought from its bucket into a volume of a node group."""
    backend = S3Compatible(bucket="models", endpoint="https://s3.example.org")
    namespace = StorageNamespace("models", backend=backend, adopt=True)
    keys = AccessKeyPair("reader", namespace=namespace, keys=[ExistingKey("AKIAEXAMPLE", "hush")])
    version = ModelReference("s3://models/models/llama/v1/", namespace, 10**9, (), "v1", "models/llama/")
    ModelVolume(
        "llama",
        model=version,
        placement=_GROUP,
        fill=ArtifactFill(model=version, keys=keys),
        kubernetes_namespace="serving",
    )


def volume_from_a_bucket() -> None:
    """Objects of another cloud's bucket, read with a key of the user's own Secret."""
    backend = CloudflareR2(bucket="weights", account_id="0a" * 16)
    ModelVolume(
        "llama",
        size="20Gi",
        fill=BucketFill(
            source_folder=BucketFolder(backend=backend, path="llama/", allow=("*.safetensors", "*.json")),
            key_pair=SecretKeyPair(secret="r2"),
            as_of="2026-11",
            folder="llama",
        ),
        kubernetes_namespace="serving",
    )


def files_into_a_volume() -> None:
    """Files of the user's machine in a volume, brought by a pod whose image is in a private registry."""
    account = Registry(host="harbor.example.org", username="robot$files", password="hush")
    harbor = RegistryCredentials("harbor", registries=[account], kubernetes_namespace="serving")
    volume = ModelVolume("adapters", size="1Gi", kubernetes_namespace="serving")
    VolumeFiles(
        "adapters",
        volume=volume,
        source=Path(__file__),
        folder="llama",
        image="harbor.example.org/python:3.12-slim",
        pull_secrets=[harbor, "quay-pull"],
    )


def disks_of_nodes() -> None:
    """The disks of a group of nodes, for KServe's caches."""
    ModelNodeGroup("cache", group=_GROUP, storage_limit="1500Gi", path="/mnt/nvme")


VOLUMES: dict[str, Callable[[], None]] = {
    "storage-classes": storage_classes,
    "disks-of-nodes": disks_of_nodes,
    "volume-from-the-hub": volume_from_the_hub,
    "volume-from-an-artifact": volume_from_an_artifact,
    "volume-from-a-bucket": volume_from_a_bucket,
    "volume-from-an-image": volume_from_an_image,
    "files-into-a-volume": files_into_a_volume,
    "scratch-from-an-image-volume": scratch_from_an_image_volume,
}
