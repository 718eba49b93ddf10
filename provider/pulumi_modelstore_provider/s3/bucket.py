"""Opens a bucket for work: a connection's settings turned into the objects behind it."""

from __future__ import annotations

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.s3.client import client
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.s3.objects import Objects


def open_bucket(
    connection: S3Connection,
    bucket: str,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
) -> Objects:
    """Return the objects of `bucket`; nothing is sent yet. Raises what `client` raises."""
    opened = client(connection, credentials=credentials, config=config, connections=connections)
    return Objects(opened, bucket, address=connection.address)
