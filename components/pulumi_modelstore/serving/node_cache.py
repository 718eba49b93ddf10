"""`NodeCache`: a model kept on the nodes' own disks, downloaded once a node and not once a pod.

Source: KServe v0.20, pkg/apis/serving/v1alpha1/local_model_cache_types.go; off in an installation until its ConfigMap
`inferenceservice-config` enables `localModel`.
"""

from __future__ import annotations

import hashlib
from math import ceil
from typing import Any

from pulumi_modelstore.arguments.kubernetes import quantity_problems, subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.serving.release import Release
from pulumi_modelstore.volumes.placement import NodeGroup

NAMESPACED = Release(0, 18)
_GIB = 2**30


class NodeCache(CheckedSettings):
    """A LocalModelNamespaceCache, or a LocalModelCache, of the service's model.

    Args:
        node_groups: LocalModelNodeGroups by name, or the `NodeGroup` of that name; at least one.
        size: room that the model needs there, such as `20Gi`; unset, the model's own size where it is known.
        shared: whether services of all namespaces may use it (LocalModelCache); of two caches of one URI KServe
            refuses the second. Unset, only those of the service's namespace (KServe 0.18 or later).
    """

    node_groups: tuple[str | NodeGroup, ...]
    size: str | None = None
    shared: bool = False

    @property
    def kind(self) -> str:
        """Kind of the object."""
        return "LocalModelCache" if self.shared else "LocalModelNamespaceCache"

    def group_names(self) -> list[str]:
        """Names of the node groups."""
        return [group.name if isinstance(group, NodeGroup) else group for group in self.node_groups]

    def problems(self, release: Release, *, downloads: bool, model_bytes: int | None) -> list[Problem]:
        """Everything wrong with the settings, for a service of that release and a model of that size."""
        found = [] if self.node_groups else [Problem("node_groups", "are none", "Name a LocalModelNodeGroup")]
        for number, name in enumerate(self.group_names()):
            found += subdomain_name_problems(name, argument=f"node_groups[{number}]")
        if self.size is not None:
            found += quantity_problems(self.size, argument="size")
        elif model_bytes is None:
            found.append(Problem("size", "is missing, and nobody knows the model's", "Give it, such as 20Gi"))
        if not self.shared and release < NAMESPACED:
            said = f"is not set, and KServe has caches of one namespace from {NAMESPACED} on, not in {release}"
            found.append(Problem("shared", said, "Pass shared=True"))
        if not downloads:
            said = "are given for a model that pods find in place, in a claim or an image"
            found.append(Problem("node_groups", said, "Leave node_cache out: the node keeps the image's layers anyway"))
        return found

    def manifest(self, uri: Any, *, model_bytes: int | None, account: Any) -> dict[str, Any]:
        """The object's `spec`."""
        size = self.size or f"{max(ceil((model_bytes or 0) / _GIB), 1)}Gi"
        return {
            "sourceModelUri": uri,
            "modelSize": size,
            "nodeGroups": self.group_names(),
            **({"serviceAccountName": account} if account is not None else {}),
        }


def cache_name(service: str, uri: str) -> str:
    """A name that follows the URI, which is immutable: another version is cached beside, before the old one goes."""
    return f"{service}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}"
