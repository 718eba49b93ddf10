"""`VolumeClass`: a StorageClass that the stack declares."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.kubernetes import labels_problems
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.volumes.storage_class import StorageClassSettings


class VolumeClass(CheckedComponent):
    """A StorageClass of the cluster, from the settings of a storage system.

    A class whose parameters change is made anew, for Kubernetes changes none; claims that were made with it stay.

    Args:
        name: of the component; the StorageClass has the settings' own name.
        settings: `Efs(...)`, `FsxLustre(...)`, `Filestore(...)`, `GcpManagedLustre(...)`, `AzureFiles(...)`,
            `CephFs(...)`, `VastNfs(...)`, `WekaFs(...)`, `Nfs(...)`, `LocalPath(...)` or `TopoLvm(...)`.
        cluster_default: make it the class of claims that name none.
        labels: labels of the object.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    class_name: pulumi.Output[str]
    """Name of the StorageClass."""

    def __init__(
        self,
        name: str,
        *,
        settings: StorageClassSettings,
        cluster_default: bool = False,
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("VolumeClass", name)
        if check.settings("settings", settings, StorageClassSettings, remedy="Pass Efs(...) or the like"):
            check.extend([*settings.problems(), *settings.declaration_problems()], under="settings")
        cluster_default = check.flag("cluster_default", cluster_default)
        labels = check.mapping("labels", labels)
        check.extend(labels_problems(labels, argument="labels"))
        super().__init__(check, opts)
        self.settings = settings
        if self.refused:
            return
        metadata: dict[str, object] = {"name": settings.name}
        if labels:
            metadata["labels"] = dict(labels)
        if cluster_default:
            metadata["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
        KubernetesObject(
            f"{check.name}-class",
            api_version="storage.k8s.io/v1",
            kind="StorageClass",
            manifest={"metadata": metadata, **settings.manifest()},
            opts=self.child_options(),
        )
        self.class_name = pulumi.Output.from_input(settings.name)
        self.register_outputs({"className": self.class_name})
