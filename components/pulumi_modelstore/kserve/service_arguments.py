"""The arguments of a service with their defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.kserve.resources import Gpu, Resources
from pulumi_modelstore.serving.mount import Mount
from pulumi_modelstore.serving.parallel import Parallel
from pulumi_modelstore.serving.placement import Placement
from pulumi_modelstore.serving.probe import Probes
from pulumi_modelstore.serving.release import Mode, Release, mode_annotation
from pulumi_modelstore.serving.security import Security
from pulumi_modelstore.serving.vllm import VllmRuntime


@dataclass(frozen=True)
class ServiceArguments:
    """What the user gave, and what stands for what was left out."""

    service_name: str
    kubernetes_namespace: pulumi.Input[str]
    credentials: KServeCredentials | None
    service_account_name: pulumi.Input[str] | None
    release: Release
    mode: Mode
    runtime: pulumi.Input[str] | VllmRuntime | None
    model_format: pulumi.Input[str]
    model_format_version: str | None
    gpu: Gpu | None
    parallel: Parallel | None
    resources: Resources
    min_replicas: int
    max_replicas: int
    protocol_version: str | None
    model_name: str | None
    arguments: Sequence[str]
    environment: Mapping[str, Any]
    mounts: Sequence[Mount]
    shared_memory: str | None
    placement: Placement | None
    probes: Probes | None
    security: Security
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
    def account_name(self) -> pulumi.Input[str] | None:
        """Name of the pods' ServiceAccount."""
        return self.credentials.account_name if self.credentials else self.service_account_name

    def metadata(self) -> dict[str, Any]:
        """The object's `metadata`."""
        metadata: dict[str, Any] = {"name": self.service_name, "namespace": self.kubernetes_namespace}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        metadata["annotations"] = dict(self.annotations)
        return metadata
