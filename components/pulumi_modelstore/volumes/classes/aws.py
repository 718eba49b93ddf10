"""Amazon EFS and FSx for Lustre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.volumes.sizing import GIB, SizeBand
from pulumi_modelstore.volumes.storage_class import AccessMode, StorageClassSettings

_THROUGHPUTS = {"PERSISTENT_1": (50, 100, 200), "PERSISTENT_2": (125, 250, 500, 1000)}


class Efs(StorageClassSettings):
    """Amazon EFS: an access point a claim, shared by all nodes; elastic, so that the claim's size limits nothing.

    Args:
        file_system_id: the file system, `fs-...`; needed to declare the class.
        directory_permissions: of an access point's folder.
        base_path: folder of the file system under which access points are made.
    """

    kind: Literal["efs"] = "efs"
    file_system_id: TextInput | None = None
    directory_permissions: str = "700"
    base_path: str | None = None

    title: ClassVar[str] = "Amazon EFS"
    provisioner: ClassVar[str] = "efs.csi.aws.com"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteOnce", "ReadWriteMany")
    limits_size: ClassVar[bool] = False

    def needed(self) -> Sequence[str]:
        """The file system."""
        return ("file_system_id",)

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """An access point a claim."""
        return {
            "provisioningMode": "efs-ap",
            "fileSystemId": self.file_system_id,
            "directoryPerms": self.directory_permissions,
            "basePath": self.base_path,
        }


class FsxLustre(StorageClassSettings):
    """Amazon FSx for Lustre: a file system of its own a claim, of 1200Gi, or 2400Gi and multiples of it.

    Args:
        subnet_id: where the file system is; needed to declare the class.
        security_group_ids: what may reach it; needed to declare the class.
        deployment_type: SCRATCH_2 has no replica; PERSISTENT_1 and PERSISTENT_2 have.
        throughput: MB/s for each TiB of a persistent one: 50, 100 or 200; of PERSISTENT_2 125, 250, 500 or 1000.
    """

    kind: Literal["fsx-lustre"] = "fsx-lustre"
    subnet_id: TextInput | None = None
    security_group_ids: tuple[TextInput, ...] = ()
    deployment_type: Literal["SCRATCH_2", "PERSISTENT_1", "PERSISTENT_2"] = "SCRATCH_2"
    throughput: int | None = None

    title: ClassVar[str] = "FSx for Lustre"
    provisions_slowly: ClassVar[bool] = True
    provisioner: ClassVar[str] = "fsx.csi.aws.com"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)
    advised_mount_options: ClassVar[tuple[str, ...]] = ("flock",)

    def sizes(self) -> Sequence[SizeBand]:
        """1200Gi, then steps of 2400Gi (FSx for Lustre user guide, storage capacity of SSD file systems)."""
        return (SizeBand(1200 * GIB, GIB, 1200 * GIB), SizeBand(2400 * GIB, 2400 * GIB))

    def problems(self) -> list[Problem]:
        """A throughput that the deployment type does not have."""
        known = _THROUGHPUTS.get(self.deployment_type, ())
        if self.throughput is None or self.throughput in known:
            return super().problems()
        remedy = f"Choose one of {', '.join(map(str, known))}" if known else "Leave it out"
        found = f"{self.throughput} is none that {self.deployment_type} has"
        return [*super().problems(), Problem("throughput", found, remedy)]

    def needed(self) -> Sequence[str]:
        """Where it is, what may reach it, and how fast a persistent one is."""
        persistent = ("throughput",) if self.deployment_type in _THROUGHPUTS else ()
        return ("subnet_id", "security_group_ids", *persistent)

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The file system to make."""
        groups = self.security_group_ids
        plain = all(isinstance(group, str) for group in groups)
        return {
            "subnetId": self.subnet_id,
            "securityGroupIds": ",".join(map(str, groups)) if plain else pulumi.Output.all(*groups).apply(",".join),
            "deploymentType": self.deployment_type,
            "perUnitStorageThroughput": None if self.throughput is None else str(self.throughput),
        }
