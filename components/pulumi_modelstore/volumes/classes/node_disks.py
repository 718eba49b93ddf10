"""Disks of the nodes: local-path and TopoLVM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import pulumi

from pulumi_modelstore.volumes.storage_class import AccessMode, StorageClassSettings


class LocalPath(StorageClassSettings):
    """Rancher's local-path: a folder of one node a claim. Nothing keeps it within the claim's size.

    Args:
        node_path: folder of the nodes under which claims get theirs; unset, as the provisioner is configured.
    """

    kind: Literal["local-path"] = "local-path"
    node_path: str | None = None

    title: ClassVar[str] = "local-path"
    provisioner: ClassVar[str] = "rancher.io/local-path"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteOnce",)
    limits_size: ClassVar[bool] = False
    node_bound: ClassVar[bool] = True

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The folder's place."""
        return {"nodePath": self.node_path}


class TopoLvm(StorageClassSettings):
    """TopoLVM: a logical volume of one node a claim.

    Args:
        fs_type: file system that is made on it.
    """

    kind: Literal["topolvm"] = "topolvm"
    fs_type: Literal["xfs", "ext4", "btrfs"] = "xfs"

    title: ClassVar[str] = "TopoLVM"
    provisioner: ClassVar[str] = "topolvm.io"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteOnce",)
    expandable: ClassVar[bool] = True
    node_bound: ClassVar[bool] = True

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The file system to make."""
        return {"csi.storage.k8s.io/fstype": self.fs_type}
