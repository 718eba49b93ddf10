"""Google Cloud Filestore and Managed Lustre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import pulumi

from pulumi_modelstore.volumes.sizing import GIB, SizeBand
from pulumi_modelstore.volumes.storage_class import AccessMode, StorageClassSettings

_TIB = 1024 * GIB
# Filestore documentation, "Service tiers": capacities and the steps between them.
_FILESTORE = {
    "standard": (SizeBand(_TIB, GIB),),
    "premium": (SizeBand(2560 * GIB, GIB),),
    "zonal": (SizeBand(_TIB, 256 * GIB, 9984 * GIB), SizeBand(10 * _TIB, 2560 * GIB, 100 * _TIB)),
    "enterprise": (SizeBand(_TIB, 256 * GIB, 10 * _TIB),),
}
# Managed Lustre documentation: the least capacity and its step, by MB/s for each TiB.
_LUSTRE = {1000: 9000 * GIB, 500: 18000 * GIB, 250: 36000 * GIB, 125: 72000 * GIB}


class Filestore(StorageClassSettings):
    """Google Cloud Filestore: an NFS server of its own a claim.

    Args:
        tier: `standard` (HDD, from 1Ti), `premium` (SSD, from 2560Gi), `zonal` or `enterprise` (from 1Ti).
        network: VPC network of the cluster.
    """

    kind: Literal["filestore"] = "filestore"
    tier: Literal["standard", "premium", "zonal", "enterprise"] = "zonal"
    network: str = "default"

    title: ClassVar[str] = "Filestore"
    provisions_slowly: ClassVar[bool] = True
    provisioner: ClassVar[str] = "filestore.csi.storage.gke.io"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)
    expandable: ClassVar[bool] = True

    def sizes(self) -> Sequence[SizeBand]:
        """Those of the tier."""
        return _FILESTORE[self.tier]

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The instance to make."""
        return {"tier": self.tier, "network": self.network}


class GcpManagedLustre(StorageClassSettings):
    """Google Cloud Managed Lustre: a file system of its own a claim, of 9000Gi and more.

    Args:
        throughput: MB/s for each TiB: 1000 (9000Gi and its multiples), 500 (18000Gi), 250 (36000Gi), 125 (72000Gi).
        network: VPC network of the cluster.
    """

    kind: Literal["gcp-managed-lustre"] = "gcp-managed-lustre"
    throughput: Literal[1000, 500, 250, 125] = 1000
    network: str = "default"

    title: ClassVar[str] = "Managed Lustre"
    provisions_slowly: ClassVar[bool] = True
    provisioner: ClassVar[str] = "lustre.csi.storage.gke.io"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)

    def sizes(self) -> Sequence[SizeBand]:
        """The least size at that throughput, and its multiples."""
        return (SizeBand(_LUSTRE[self.throughput], _LUSTRE[self.throughput]),)

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The instance to make."""
        return {"perUnitStorageThroughput": str(self.throughput), "network": self.network}
