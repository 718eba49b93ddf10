"""The arguments of a service with their defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.kserve.resources import Gpu, Resources
from pulumi_modelstore.serving.autoscaling import Autoscaling
from pulumi_modelstore.serving.mount import Mount, pod_volumes, volume_mounts
from pulumi_modelstore.serving.node_cache import NodeCache
from pulumi_modelstore.serving.parallel import Parallel
from pulumi_modelstore.serving.pod_placement import PodPlacement
from pulumi_modelstore.serving.probe import Probes
from pulumi_modelstore.serving.readiness import Readiness
from pulumi_modelstore.serving.release import Mode, Release, mode_annotation
from pulumi_modelstore.serving.security import ROOT_RUNTIME, Security
from pulumi_modelstore.serving.shared_memory import shared_memory_mount, shared_memory_volume
from pulumi_modelstore.serving.storage_initializer import StorageInitializer
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.serving.volumes import init_containers, init_volumes
from pulumi_modelstore.volumes.model_volume import ModelVolume


@dataclass(frozen=True)
class ServiceArguments:
    """What the user gave, and what stands for what was left out."""

    service_name: str
    kubernetes_namespace: pulumi.Input[str]
    credentials: KServeCredentials | Account | None
    service_account_name: pulumi.Input[str] | None
    release: Release
    mode: Mode
    runtime: pulumi.Input[str] | VllmRuntime | None
    model_format: pulumi.Input[str]
    model_format_version: str | None
    gpu: Gpu | None
    parallel: Parallel | None
    resources: Resources
    canary_traffic_percent: int | None
    min_replicas: int
    max_replicas: int
    autoscaling: Autoscaling | None
    protocol_version: str | None
    model_name: str | None
    arguments: Sequence[str]
    environment: Mapping[str, Any]
    mounts: Sequence[Mount]
    volumes: Sequence[ModelVolume]
    shared_memory: str | None
    placement: PodPlacement | None
    probes: Probes | None
    given_security: Security | None
    storage_initializer: StorageInitializer | None
    node_cache: NodeCache | None
    streaming: bool
    wait_for_fill: bool | None
    readiness: Readiness | None
    annotations: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def nodes(self) -> int:
        """Nodes of one replica."""
        return 1 if self.parallel is None else self.parallel.nodes

    @property
    def mode_annotation(self) -> str:
        """The mode as the release spells it."""
        return mode_annotation(self.mode, self.release)

    @property
    def runtime_name(self) -> pulumi.Input[str] | None:
        """Name of the ServingRuntime or ClusterServingRuntime."""
        return f"{self.service_name}-vllm" if isinstance(self.runtime, VllmRuntime) else self.runtime

    @property
    def starts_as_root(self) -> bool:
        """Whether the runtime is known to start as root; KServe's own is what it chooses for vLLM by itself."""
        chosen = self.runtime is None and self.model_format == "vLLM"
        return chosen or self.runtime == ROOT_RUNTIME

    @property
    def security(self) -> Security:
        """As whom pods run: never as root, unless it was said or nothing else would start."""
        return self.given_security or Security(non_root=not self.starts_as_root)

    @property
    def initializer_name(self) -> str | None:
        """Name of the ClusterStorageContainer, unique in the cluster; None where the installation's own does it."""
        if self.storage_initializer is None:
            return None
        return self.storage_initializer.name or f"{self.kubernetes_namespace}-{self.service_name}"

    @property
    def account_name(self) -> pulumi.Input[str] | None:
        """Name of the pods' ServiceAccount."""
        return self.credentials.account_name if self.credentials else self.service_account_name

    def mounts_of_a_container(self) -> list[dict[str, Any]] | None:
        """`volumeMounts` of the container that serves, and of a worker's."""
        shared = [shared_memory_mount()] if self.shared_memory else []
        return [*shared, *volume_mounts(self.mounts)] or None

    def volumes_of_a_pod(self) -> list[dict[str, Any]] | None:
        """`volumes` of the pod that serves, and of a worker's."""
        shared = [shared_memory_volume(self.shared_memory)] if self.shared_memory else []
        return [*shared, *pod_volumes(self.mounts), *init_volumes(self.volumes, self.mounts, waits=self.waits)] or None

    @property
    def waits(self) -> bool:
        """Whether pods wait for the fills of their volumes: Knative takes no init containers unless it is told to."""
        return self.mode == "Standard" if self.wait_for_fill is None else self.wait_for_fill

    def init_containers(self) -> list[dict[str, Any]] | None:
        """`initContainers` of the pod that serves, and of a worker's."""
        return init_containers(self.volumes, self.mounts, waits=self.waits) or None

    def metadata(self) -> dict[str, Any]:
        """The object's `metadata`."""
        metadata: dict[str, Any] = {"name": self.service_name, "namespace": self.kubernetes_namespace}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        metadata["annotations"] = dict(self.annotations)
        return metadata
