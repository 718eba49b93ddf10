"""File systems that a cluster brings along: CephFS, VAST, Weka and any NFS server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import pulumi

from pulumi_modelstore.volumes.storage_class import AccessMode, StorageClassSettings, secret_parameters


class CephFs(StorageClassSettings):
    """CephFS: a subvolume a claim.

    Args:
        cluster_id: of the Ceph cluster, as the driver's configuration names it; needed to declare the class.
        file_system: name of the file system; needed to declare the class.
        secret_name: Secret with the driver's Ceph user; needed to declare the class.
        secret_namespace: where it is; needed to declare the class.
    """

    kind: Literal["cephfs"] = "cephfs"
    cluster_id: str | None = None
    file_system: str | None = None
    secret_name: str | None = None
    secret_namespace: str | None = None

    title: ClassVar[str] = "CephFS"
    provisioner: ClassVar[str] = "cephfs.csi.ceph.com"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)
    expandable: ClassVar[bool] = True

    def needed(self) -> Sequence[str]:
        """The file system, and the driver's Secret."""
        return ("cluster_id", "file_system", "secret_name", "secret_namespace")

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The subvolume to make."""
        roles = ("provisioner", "controller-expand", "node-stage")
        secrets = secret_parameters(self.secret_name, self.secret_namespace, roles)
        return {"clusterID": self.cluster_id, "fsName": self.file_system, **secrets}


class VastNfs(StorageClassSettings):
    """VAST Data: a folder of an export a claim.

    Args:
        vip_pool_name: addresses that nodes mount from; needed to declare the class.
        root_export: export under which folders are made; needed to declare the class.
        view_policy: policy of their views; needed to declare the class.
        secret_name: Secret with the driver's access to the management service, where each class has its own.
        secret_namespace: where it is.
    """

    kind: Literal["vast-nfs"] = "vast-nfs"
    vip_pool_name: str | None = None
    root_export: str | None = None
    view_policy: str | None = None
    secret_name: str | None = None
    secret_namespace: str | None = None

    title: ClassVar[str] = "VAST"
    provisioner: ClassVar[str] = "csi.vastdata.com"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)
    expandable: ClassVar[bool] = True

    def needed(self) -> Sequence[str]:
        """Where folders are made, and how they are reached."""
        return ("vip_pool_name", "root_export", "view_policy")

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The folder to make."""
        roles = ("provisioner", "controller-publish", "controller-expand", "node-publish")
        secrets = secret_parameters(self.secret_name, self.secret_namespace, roles)
        return {
            "vip_pool_name": self.vip_pool_name,
            "root_export": self.root_export,
            "view_policy": self.view_policy,
            **secrets,
        }


class WekaFs(StorageClassSettings):
    """Weka: a folder with a quota a claim.

    Args:
        file_system: name of the file system; needed to declare the class.
        capacity_enforcement: HARD makes writes over the claim's size fail, SOFT allows them.
        secret_name: Secret with the driver's access to the Weka cluster; needed to declare the class.
        secret_namespace: where it is; needed to declare the class.
    """

    kind: Literal["weka-fs"] = "weka-fs"
    file_system: str | None = None
    capacity_enforcement: Literal["HARD", "SOFT"] = "HARD"
    secret_name: str | None = None
    secret_namespace: str | None = None

    title: ClassVar[str] = "Weka"
    provisioner: ClassVar[str] = "csi.weka.io"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)
    expandable: ClassVar[bool] = True

    def needed(self) -> Sequence[str]:
        """The file system, and the driver's Secret."""
        return ("file_system", "secret_name", "secret_namespace")

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The folder to make."""
        roles = ("provisioner", "controller-publish", "controller-expand", "node-stage", "node-publish")
        return {
            "volumeType": "dir/v1",
            "filesystemName": self.file_system,
            "capacityEnforcement": self.capacity_enforcement,
            **secret_parameters(self.secret_name, self.secret_namespace, roles),
        }


class Nfs(StorageClassSettings):
    """Any NFS server: a folder of a share a claim. The server, not the claim, limits how much goes in.

    Args:
        server: its host name or address; needed to declare the class.
        share: exported path; needed to declare the class.
        sub_directory: name of a claim's folder, in which the driver fills in `${pvc.metadata.name}` and the like.
    """

    kind: Literal["nfs"] = "nfs"
    server: str | None = None
    share: str | None = None
    sub_directory: str | None = None

    title: ClassVar[str] = "NFS"
    provisioner: ClassVar[str] = "nfs.csi.k8s.io"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)
    limits_size: ClassVar[bool] = False
    advised_mount_options: ClassVar[tuple[str, ...]] = ("nfsvers=4.1",)

    def needed(self) -> Sequence[str]:
        """The export."""
        return ("server", "share")

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The folder to make."""
        return {"server": self.server, "share": self.share, "subDir": self.sub_directory, "onDelete": "retain"}
