"""How a store is reached: one form of settings for each family of stores, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Tag

from pulumi_modelstore_provider.azure.connection import AzureConnection
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.s3.connection import S3Connection


def _kind(value: Any) -> str:
    """The kind of settings; S3's have none on the wire."""
    found = value.get("kind", "s3") if isinstance(value, dict) else getattr(value, "kind", "s3")
    return str(found)


Connection: TypeAlias = Annotated[
    Annotated[S3Connection, Tag("s3")]
    | Annotated[AzureConnection, Tag("azure-blob")]
    | Annotated[GcsConnection, Tag("gcs")],
    Discriminator(_kind),
]
"""Any store's settings."""
