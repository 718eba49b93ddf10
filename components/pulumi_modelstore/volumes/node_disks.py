"""`ModelNodeGroup`: disks of a group of nodes on which KServe keeps models."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.kubernetes import quantity_problems, subdomain_name_problems
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.volumes.placement import NodeGroup
from pulumi_modelstore.volumes.volume_check import check_mount_path

_CLASS = "local-storage"


class ModelNodeGroup(CheckedComponent):
    """A LocalModelNodeGroup: a folder on each node of a group, with room for the models that caches name it for.

    A service then caches its model there with `NodeCache(node_groups=(disks,))`, which takes this object. KServe makes
    the volumes; its installation has caches turned off until `localModel` is enabled in its ConfigMap
    `inferenceservice-config`.

    Args:
        name: of the component; the object is named as the group.
        group: the nodes.
        storage_limit: room on each node for all models, such as `1500Gi`.
        path: folder of the nodes' disks that KServe writes into.
        storage_class: class that its volumes name; it need not exist, for nothing is provisioned.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    group_name: pulumi.Output[str]
    """Name of the LocalModelNodeGroup."""

    def __init__(
        self,
        name: str,
        *,
        group: NodeGroup,
        storage_limit: str,
        path: str = "/mnt/models",
        storage_class: str = _CLASS,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("ModelNodeGroup", name)
        if check.settings("group", group, NodeGroup, remedy="Pass NodeGroup(name=..., selector=...)"):
            check.extend(group.problems(), under="group")
        check.extend(quantity_problems(storage_limit, argument="storage_limit"))
        path = check_mount_path(check, path, argument="path", example="/mnt/models")
        check.extend(subdomain_name_problems(storage_class, argument="storage_class"))
        super().__init__(check, opts)
        self.group, self.storage_limit = group, storage_limit
        if self.refused:
            return
        KubernetesObject(
            f"{check.name}-nodes",
            api_version="serving.kserve.io/v1alpha1",
            kind="LocalModelNodeGroup",
            manifest={
                "metadata": {"name": group.name},
                "spec": _spec(group, storage_limit, path, storage_class),
            },
            opts=self.child_options(),
        )
        self.group_name = pulumi.Output.from_input(group.name)
        self.register_outputs({"groupName": self.group_name})


def _spec(group: NodeGroup, limit: str, path: str, storage_class: str) -> dict[str, Any]:
    """What KServe copies into a PersistentVolume and a claim for each cached model."""
    expressions = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(group.selector.items())]
    common = {"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem", "storageClassName": storage_class}
    return {
        "storageLimit": limit,
        "persistentVolumeSpec": {
            **common,
            "capacity": {"storage": limit},
            "local": {"path": path},
            # What a node has downloaded is not wiped with the cache's record of it.
            "persistentVolumeReclaimPolicy": "Retain",
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}},
        },
        "persistentVolumeClaimSpec": {**common, "resources": {"requests": {"storage": limit}}},
    }
