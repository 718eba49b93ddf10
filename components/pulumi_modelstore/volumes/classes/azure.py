"""Azure Files over NFS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import pulumi

from pulumi_modelstore.volumes.sizing import GIB, SizeBand
from pulumi_modelstore.volumes.storage_class import AccessMode, StorageClassSettings


class AzureFiles(StorageClassSettings):
    """Azure Files over NFS: a premium share a claim, of 100Gi and more.

    Args:
        sku_name: redundancy of the premium account.
    """

    kind: Literal["azure-files"] = "azure-files"
    sku_name: Literal["Premium_LRS", "Premium_ZRS"] = "Premium_LRS"

    title: ClassVar[str] = "Azure Files"
    provisioner: ClassVar[str] = "file.csi.azure.com"
    modes: ClassVar[tuple[AccessMode, ...]] = ("ReadWriteMany",)
    expandable: ClassVar[bool] = True
    advised_mount_options: ClassVar[tuple[str, ...]] = ("nconnect=4", "noresvport", "actimeo=30")

    def sizes(self) -> Sequence[SizeBand]:
        """From 100Gi to 100Ti (Azure Files documentation, scale targets of premium shares)."""
        return (SizeBand(100 * GIB, GIB, 100 * 1024 * GIB),)

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The share to make."""
        return {"skuName": self.sku_name, "protocol": "nfs"}
