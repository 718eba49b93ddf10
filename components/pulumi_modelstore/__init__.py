"""Declare where AI model weights live, who may read them and which GPU services serve them, as one Pulumi stack.

Names are imported when they are first used: importing the package costs next to nothing, and a stack pays only for
the backends that it names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_modelstore.arguments.refusal import InvalidArguments
    from pulumi_modelstore.artifacts.import_job import ImportJob, SecretKeyPair
    from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
    from pulumi_modelstore.artifacts.reference import ModelReference
    from pulumi_modelstore.artifacts.sources import BucketFolder, HuggingFaceRepository, LocalFolder, WebFile
    from pulumi_modelstore.artifacts.transfer_settings import TransferSettings
    from pulumi_modelstore.backends.access_log import AccessLog
    from pulumi_modelstore.backends.aws_s3 import AwsS3
    from pulumi_modelstore.backends.azure_blob import AzureBlob
    from pulumi_modelstore.backends.ceph_rgw import CephRgw
    from pulumi_modelstore.backends.cloudflare_r2 import CloudflareR2
    from pulumi_modelstore.backends.from_config import backend_from_config
    from pulumi_modelstore.backends.gcs import Gcs
    from pulumi_modelstore.backends.minio import Minio
    from pulumi_modelstore.backends.s3_compatible import S3Compatible
    from pulumi_modelstore.backends.vast_s3 import VastS3
    from pulumi_modelstore.backends.weka_s3 import WekaS3
    from pulumi_modelstore.identity.aws_irsa import AwsIrsa
    from pulumi_modelstore.identity.azure_federated_identity import AzureFederatedIdentity
    from pulumi_modelstore.identity.gcp_workload_identity import GcpWorkloadIdentity
    from pulumi_modelstore.keys.access_key import AccessKey
    from pulumi_modelstore.keys.access_key_pair import AccessKeyPair
    from pulumi_modelstore.keys.existing_key import ExistingKey
    from pulumi_modelstore.kserve.credentials import KServeCredentials
    from pulumi_modelstore.kserve.hub import HubCredentials
    from pulumi_modelstore.kserve.inference_service import GpuInferenceService
    from pulumi_modelstore.kserve.registry import Registry, RegistryCredentials
    from pulumi_modelstore.kserve.resources import Gpu, Resources
    from pulumi_modelstore.kserve.rollout import ModelRollout
    from pulumi_modelstore.namespace import StorageNamespace
    from pulumi_modelstore.serving.autoscaling import Hpa, Keda, Kpa, Unscaled
    from pulumi_modelstore.serving.environment import SecretKey
    from pulumi_modelstore.serving.gateway import Gateway
    from pulumi_modelstore.serving.mount import Mount
    from pulumi_modelstore.serving.node_cache import NodeCache
    from pulumi_modelstore.serving.parallel import Parallel
    from pulumi_modelstore.serving.pod_placement import PodPlacement
    from pulumi_modelstore.serving.probe import Probe, Probes
    from pulumi_modelstore.serving.readiness import Readiness
    from pulumi_modelstore.serving.security import Security
    from pulumi_modelstore.serving.storage_initializer import StorageInitializer
    from pulumi_modelstore.serving.vllm import VllmRuntime
    from pulumi_modelstore.volumes.classes.aws import Efs, FsxLustre
    from pulumi_modelstore.volumes.classes.azure import AzureFiles
    from pulumi_modelstore.volumes.classes.file_systems import CephFs, Nfs, VastNfs, WekaFs
    from pulumi_modelstore.volumes.classes.google import Filestore, GcpManagedLustre
    from pulumi_modelstore.volumes.classes.node_disks import LocalPath, TopoLvm
    from pulumi_modelstore.volumes.fills.artifact import ArtifactFill
    from pulumi_modelstore.volumes.fills.bucket import BucketFill
    from pulumi_modelstore.volumes.fills.hugging_face import HuggingFaceFill
    from pulumi_modelstore.volumes.fills.image import ImageFill
    from pulumi_modelstore.volumes.fills.job_settings import FillJob
    from pulumi_modelstore.volumes.model_volume import ModelVolume
    from pulumi_modelstore.volumes.node_disks import ModelNodeGroup
    from pulumi_modelstore.volumes.placement import EmptyDir, LocalDisk, NodeGroup, Shared, Toleration
    from pulumi_modelstore.volumes.sizing import ModelSize
    from pulumi_modelstore.volumes.volume_class import VolumeClass
    from pulumi_modelstore.volumes.volume_files import VolumeFiles
    from pulumi_modelstore.workspace.aws_engines import DynamoDb, Sqs
    from pulumi_modelstore.workspace.existing_valkey import ExistingValkey
    from pulumi_modelstore.workspace.key_value_store import KeyValueStore
    from pulumi_modelstore.workspace.message_queue import MessageQueue
    from pulumi_modelstore.workspace.minio_server import MinioServer
    from pulumi_modelstore.workspace.object_store import ObjectStore
    from pulumi_modelstore.workspace.valkey_server import ValkeyServer
    from pulumi_modelstore.workspace.versity_server import VersityServer

__all__ = [
    "AccessKey",
    "AccessKeyPair",
    "AccessLog",
    "ArtifactFill",
    "AwsIrsa",
    "AwsS3",
    "AzureBlob",
    "AzureFederatedIdentity",
    "AzureFiles",
    "BucketFill",
    "BucketFolder",
    "CephFs",
    "CephRgw",
    "CloudflareR2",
    "DynamoDb",
    "Efs",
    "EmptyDir",
    "ExistingKey",
    "ExistingValkey",
    "Filestore",
    "FillJob",
    "FsxLustre",
    "Gateway",
    "GcpManagedLustre",
    "GcpWorkloadIdentity",
    "Gcs",
    "Gpu",
    "GpuInferenceService",
    "Hpa",
    "HubCredentials",
    "HuggingFaceFill",
    "HuggingFaceRepository",
    "ImageFill",
    "ImportJob",
    "InvalidArguments",
    "KServeCredentials",
    "Keda",
    "KeyValueStore",
    "Kpa",
    "LocalDisk",
    "LocalFolder",
    "LocalPath",
    "MessageQueue",
    "Minio",
    "MinioServer",
    "ModelArtifact",
    "ModelNodeGroup",
    "ModelReference",
    "ModelRollout",
    "ModelSize",
    "ModelVolume",
    "Mount",
    "Nfs",
    "NodeCache",
    "NodeGroup",
    "ObjectStore",
    "Parallel",
    "PodPlacement",
    "Probe",
    "Probes",
    "Readiness",
    "Registry",
    "RegistryCredentials",
    "Resources",
    "S3Compatible",
    "SecretKey",
    "SecretKeyPair",
    "Security",
    "Shared",
    "Sqs",
    "StorageInitializer",
    "StorageNamespace",
    "Toleration",
    "TopoLvm",
    "TransferSettings",
    "Unscaled",
    "ValkeyServer",
    "VastNfs",
    "VastS3",
    "VersityServer",
    "VllmRuntime",
    "VolumeClass",
    "VolumeFiles",
    "WebFile",
    "WekaFs",
    "WekaS3",
    "backend_from_config",
]

_MODULES = {
    "AccessKey": "keys.access_key",
    "AccessKeyPair": "keys.access_key_pair",
    "AccessLog": "backends.access_log",
    "ArtifactFill": "volumes.fills.artifact",
    "AwsIrsa": "identity.aws_irsa",
    "AwsS3": "backends.aws_s3",
    "AzureBlob": "backends.azure_blob",
    "AzureFederatedIdentity": "identity.azure_federated_identity",
    "AzureFiles": "volumes.classes.azure",
    "BucketFill": "volumes.fills.bucket",
    "BucketFolder": "artifacts.sources",
    "CephFs": "volumes.classes.file_systems",
    "CephRgw": "backends.ceph_rgw",
    "CloudflareR2": "backends.cloudflare_r2",
    "DynamoDb": "workspace.aws_engines",
    "Efs": "volumes.classes.aws",
    "EmptyDir": "volumes.placement",
    "ExistingKey": "keys.existing_key",
    "ExistingValkey": "workspace.existing_valkey",
    "Filestore": "volumes.classes.google",
    "FillJob": "volumes.fills.job_settings",
    "FsxLustre": "volumes.classes.aws",
    "Gateway": "serving.gateway",
    "GcpManagedLustre": "volumes.classes.google",
    "GcpWorkloadIdentity": "identity.gcp_workload_identity",
    "Gcs": "backends.gcs",
    "Gpu": "kserve.resources",
    "GpuInferenceService": "kserve.inference_service",
    "Hpa": "serving.autoscaling",
    "HubCredentials": "kserve.hub",
    "HuggingFaceFill": "volumes.fills.hugging_face",
    "HuggingFaceRepository": "artifacts.sources",
    "ImageFill": "volumes.fills.image",
    "ImportJob": "artifacts.import_job",
    "InvalidArguments": "arguments.refusal",
    "KServeCredentials": "kserve.credentials",
    "Keda": "serving.autoscaling",
    "KeyValueStore": "workspace.key_value_store",
    "Kpa": "serving.autoscaling",
    "LocalDisk": "volumes.placement",
    "LocalFolder": "artifacts.sources",
    "LocalPath": "volumes.classes.node_disks",
    "MessageQueue": "workspace.message_queue",
    "Minio": "backends.minio",
    "MinioServer": "workspace.minio_server",
    "ModelArtifact": "artifacts.model_artifact",
    "ModelNodeGroup": "volumes.node_disks",
    "ModelReference": "artifacts.reference",
    "ModelRollout": "kserve.rollout",
    "ModelSize": "volumes.sizing",
    "ModelVolume": "volumes.model_volume",
    "Mount": "serving.mount",
    "Nfs": "volumes.classes.file_systems",
    "NodeCache": "serving.node_cache",
    "NodeGroup": "volumes.placement",
    "ObjectStore": "workspace.object_store",
    "Parallel": "serving.parallel",
    "PodPlacement": "serving.pod_placement",
    "Probe": "serving.probe",
    "Probes": "serving.probe",
    "Readiness": "serving.readiness",
    "Registry": "kserve.registry",
    "RegistryCredentials": "kserve.registry",
    "Resources": "kserve.resources",
    "S3Compatible": "backends.s3_compatible",
    "SecretKey": "serving.environment",
    "SecretKeyPair": "artifacts.import_job",
    "Security": "serving.security",
    "Shared": "volumes.placement",
    "Sqs": "workspace.aws_engines",
    "StorageInitializer": "serving.storage_initializer",
    "StorageNamespace": "namespace",
    "Toleration": "volumes.placement",
    "TopoLvm": "volumes.classes.node_disks",
    "TransferSettings": "artifacts.transfer_settings",
    "Unscaled": "serving.autoscaling",
    "ValkeyServer": "workspace.valkey_server",
    "VastNfs": "volumes.classes.file_systems",
    "VastS3": "backends.vast_s3",
    "VersityServer": "workspace.versity_server",
    "VllmRuntime": "serving.vllm",
    "VolumeClass": "volumes.volume_class",
    "VolumeFiles": "volumes.volume_files",
    "WebFile": "artifacts.sources",
    "WekaFs": "volumes.classes.file_systems",
    "WekaS3": "backends.weka_s3",
    "backend_from_config": "backends.from_config",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
