"""`StorageInitializer`: what the download of a model into a pod may use.

KServe gives it one CPU and 1 GiB, which is slow for large models, and too little for large repositories of a hub
(kserve/kserve issues 5162 and 5326). Source: KServe v0.20, config/storagecontainers/default.yaml, and
GetStorageContainerSpecByName in pkg/webhook/admission/pod/storage_initializer_injector.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ConfigDict

from pulumi_modelstore.arguments.image import IMAGE
from pulumi_modelstore.arguments.kubernetes import quantity, quantity_problems, subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.serving.release import Release

NAMED_BY_SERVICES = Release(0, 20)
"""Before, KServe took any container that fits the URI, and the installation's own fits all."""

_SCHEMES = ("s3", "gs", "hf", "https", "http", "hdfs", "webhdfs")


class StorageInitializer(CheckedSettings):
    """A ClusterStorageContainer for one service: the container that downloads its model.

    Args:
        cpu: cores, of which one download in parts uses several.
        memory: memory; downloads from a hub need most.
        parallel_files: files that are downloaded from S3 at once.
        image: unset, KServe's own of the service's `kserve_version`; without internet, a registry's copy of it.
        name: of the ClusterStorageContainer, unique in the cluster; unset, from the service's namespace and name.
    """

    # `cpu=4` reads well and means `4`.
    model_config = ConfigDict(coerce_numbers_to_str=True)

    cpu: str = "4"
    memory: str = "8Gi"
    parallel_files: int = 8
    image: str | None = None
    name: str | None = None

    def problems(self, release: Release, *, downloads: bool) -> list[Problem]:
        """Everything wrong with the settings, for a service of that release."""
        found = quantity_problems(self.cpu, argument="cpu")
        memory = quantity_problems(self.memory, argument="memory")
        if not memory and quantity(self.memory) < 100 * 2**20:
            memory = [Problem("memory", f"{self.memory} is too little to start it", "Give at least 1Gi")]
        found += memory
        if self.parallel_files < 1:
            found.append(Problem("parallel_files", f"is {self.parallel_files}", "Give at least 1"))
        if self.image is not None and not IMAGE.fullmatch(self.image):
            remedy = f"Write it like registry.example.org/kserve/storage-initializer:v{release}.0"
            found.append(Problem("image", f'"{self.image}" is no name of an image', remedy))
        if self.name is not None:
            found += subdomain_name_problems(self.name, argument="name")
        if release < NAMED_BY_SERVICES:
            said = f"is chosen by services from KServe {NAMED_BY_SERVICES} on, kserve_version is {release}"
            found.append(
                Problem("name", said, "Raise storageInitializer in KServe's ConfigMap inferenceservice-config")
            )
        if not downloads:
            said = "is given for a model that pods find in place, in a claim or an image"
            found.append(Problem("memory", said, "Leave storage_initializer out"))
        return found

    def manifest(self, release: Release, uri: Any) -> dict[str, Any]:
        """The ClusterStorageContainer's `spec`, for models at that URI; at any where it is not known yet."""
        amounts = {"cpu": self.cpu, "memory": self.memory}
        return {
            "container": {
                "name": "storage-initializer",
                "image": self.image or f"kserve/storage-initializer:v{release}.0",
                "env": [{"name": "S3_MAX_FILE_CONCURRENCY", "value": str(self.parallel_files)}],
                "resources": {"requests": amounts, "limits": amounts},
            },
            "supportedUriFormats": [{"prefix": f"{scheme}://"} for scheme in _schemes(uri)],
            "supportsMultiModelDownload": True,
            "workloadType": "initContainer",
        }


def _schemes(uri: Any) -> Sequence[str]:
    return (uri.partition("://")[0],) if isinstance(uri, str) else _SCHEMES
