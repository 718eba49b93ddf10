"""`NodeCache`: a model kept on the nodes' own disks, downloaded once a node and not once a pod.

Source: KServe v0.20, pkg/apis/serving/v1alpha1/local_model_cache_types.go; off in an installation until its ConfigMap
`inferenceservice-config` enables `localModel`.
"""

from __future__ import annotations

import hashlib
from math import ceil
from typing import Any

import pulumi

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.kubernetes import quantity, quantity_problems, subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.serving.release import Release
from pulumi_modelstore.volumes.node_disks import ModelNodeGroup
from pulumi_modelstore.volumes.placement import NodeGroup

NAMESPACED = Release(0, 18)
_GIB = 2**30


class NodeCache(CheckedSettings):
    """A LocalModelNamespaceCache, or a LocalModelCache, of the service's model.

    Args:
        node_groups: LocalModelNodeGroups by name, the `NodeGroup` of that name, whose taints the service's pods then
            put up with, or a `ModelNodeGroup` of the stack, which then comes first too; at least one.
        size: room that the model needs there, such as `20Gi`; unset, the model's own size where it is known.
        shared: whether services of all namespaces may use it (LocalModelCache); of two caches of one URI KServe
            refuses the second. Unset, only those of the service's namespace (KServe 0.18 or later).
        credentials: what KServe downloads a shared cache with, in the namespace of its download Jobs, which is
            `kserve-localmodel-jobs` unless its ConfigMap says otherwise; others have those of the service.
    """

    node_groups: tuple[str | NodeGroup | ModelNodeGroup, ...]
    size: str | None = None
    shared: bool = False
    credentials: KServeCredentials | Account | None = None

    @property
    def kind(self) -> str:
        """Kind of the object."""
        return "LocalModelCache" if self.shared else "LocalModelNamespaceCache"

    def group_names(self) -> list[str]:
        """Names of the node groups."""
        return [group.name if isinstance(group, NodeGroup) else group for group in self._groups()]

    def tolerations(self) -> list[dict[str, str]]:
        """What pods must put up with on nodes of the groups, as far as they are given as more than a name."""
        groups = [group for group in self._groups() if isinstance(group, NodeGroup)]
        return [toleration.manifest() for group in groups for toleration in group.tolerations]

    def _groups(self) -> list[str | NodeGroup]:
        return [group.group if isinstance(group, ModelNodeGroup) else group for group in self.node_groups]

    @property
    def needs(self) -> list[pulumi.Resource]:
        """What must be in place before KServe can fill it."""
        return [*self.declared_groups(), *(self.credentials.objects if self.credentials else ())]

    def declared_groups(self) -> list[ModelNodeGroup]:
        """Those of the node groups that the stack declares."""
        return [group for group in self.node_groups if isinstance(group, ModelNodeGroup)]

    def problems(self, release: Release, *, downloads: bool, model_bytes: int | None) -> list[Problem]:
        """Everything wrong with the settings, for a service of that release and a model of that size."""
        found = [] if self.node_groups else [Problem("node_groups", "are none", "Name a LocalModelNodeGroup")]
        for number, name in enumerate(self.group_names()):
            found += subdomain_name_problems(name, argument=f"node_groups[{number}]")
        found += self._size_problems(model_bytes)
        if not self.shared and release < NAMESPACED:
            said = f"is not set, and KServe has caches of one namespace from {NAMESPACED} on, not in {release}"
            found.append(Problem("shared", said, "Pass shared=True"))
        if self.credentials is not None and not self.shared:
            said = "are given for a cache of one namespace, which KServe fills with those of the service"
            found.append(Problem("credentials", said, "Leave them out, or pass shared=True"))
        if not downloads:
            said = "are given for a model that pods find in place, in a claim or an image"
            found.append(Problem("node_groups", said, "Leave node_cache out: the node keeps the image's layers anyway"))
        return found

    def manifest(self, uri: Any, *, model_bytes: int | None, account: Any) -> dict[str, Any]:
        """The object's `spec`, with the ServiceAccount of the service."""
        if self.credentials is not None:
            account = self.credentials.account_name
        return {
            "sourceModelUri": uri,
            "modelSize": self._size(model_bytes),
            "nodeGroups": self.group_names(),
            **({"serviceAccountName": account} if account is not None else {}),
        }

    def _size(self, model_bytes: int | None) -> str:
        return self.size or f"{max(ceil((model_bytes or 0) / _GIB), 1)}Gi"

    def _size_problems(self, model_bytes: int | None) -> list[Problem]:
        """Whether the size is known, holds the model, and fits the disks of the declared groups."""
        if self.size is None and model_bytes is None:
            return [Problem("size", "is missing, and nobody knows the model's", "Give it, such as 20Gi")]
        size = self._size(model_bytes)
        found = quantity_problems(size, argument="size")
        if found:
            return found
        if model_bytes is not None and quantity(size) < model_bytes:
            remedy = "Leave it out: the model's own size is taken"
            found.append(Problem("size", f"{size} is less than the model's {model_bytes} bytes", remedy))
        for number, group in enumerate(self.node_groups):
            limit = group.storage_limit if isinstance(group, ModelNodeGroup) else None
            if limit is not None and is_plain(limit) and quantity(size) > quantity(limit):
                said = f"has {limit} for all of its models, and this one needs {size}"
                found.append(Problem(f"node_groups[{number}]", said, "Raise storage_limit of that ModelNodeGroup"))
        return found


def cache_name(service: str, uri: str) -> str:
    """A name that follows the URI, which is immutable: another version is cached beside, before the old one goes."""
    return f"{service}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}"
