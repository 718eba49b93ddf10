"""Opens a bucket for work."""

from __future__ import annotations

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.stores.protocol import ObjectStore


def open_bucket(
    connection: GcsConnection,
    bucket: str,
    *,
    credentials: Credentials | None = None,  # noqa: ARG001
    config: ConfigLookup | None = None,  # noqa: ARG001
    connections: int = 10,  # noqa: ARG001
) -> ObjectStore:
    """Return the objects of `bucket`; nothing is sent yet."""
    raise ModelstoreError("This store is not supported yet", on=f"{connection.address}/{bucket}")
