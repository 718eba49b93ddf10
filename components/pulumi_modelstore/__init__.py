"""Declare where AI model weights live, who may read them and which GPU services serve them, as one Pulumi stack.

Names are imported when they are first used: importing the package costs next to nothing, and a stack pays only for
the backends that it names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_modelstore.arguments.refusal import InvalidArguments
    from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
    from pulumi_modelstore.artifacts.reference import ModelReference
    from pulumi_modelstore.backends.aws_s3 import AwsS3
    from pulumi_modelstore.backends.from_config import backend_from_config
    from pulumi_modelstore.backends.s3_compatible import S3Compatible
    from pulumi_modelstore.keys.access_key import AccessKey
    from pulumi_modelstore.keys.access_key_pair import AccessKeyPair
    from pulumi_modelstore.keys.existing_key import ExistingKey
    from pulumi_modelstore.kserve.credentials import KServeCredentials
    from pulumi_modelstore.kserve.inference_service import GpuInferenceService
    from pulumi_modelstore.kserve.resources import Gpu, Resources
    from pulumi_modelstore.namespace import StorageNamespace

__all__ = [
    "AccessKey",
    "AccessKeyPair",
    "AwsS3",
    "ExistingKey",
    "Gpu",
    "GpuInferenceService",
    "InvalidArguments",
    "KServeCredentials",
    "ModelArtifact",
    "ModelReference",
    "Resources",
    "S3Compatible",
    "StorageNamespace",
    "backend_from_config",
]

_MODULES = {
    "AccessKey": "keys.access_key",
    "AccessKeyPair": "keys.access_key_pair",
    "AwsS3": "backends.aws_s3",
    "ExistingKey": "keys.existing_key",
    "Gpu": "kserve.resources",
    "GpuInferenceService": "kserve.inference_service",
    "InvalidArguments": "arguments.refusal",
    "KServeCredentials": "kserve.credentials",
    "ModelArtifact": "artifacts.model_artifact",
    "ModelReference": "artifacts.reference",
    "Resources": "kserve.resources",
    "S3Compatible": "backends.s3_compatible",
    "StorageNamespace": "namespace",
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
