"""Opens a bucket for work: a connection's settings turned into the objects behind it."""

from __future__ import annotations

from pulumi_modelstore_provider.azure.connection import AzureConnection
from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.stores.protocol import ObjectStore


def open_bucket(
    connection: Connection,
    bucket: str,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
) -> ObjectStore:
    """Return the objects of `bucket`; nothing is sent yet.

    `credentials` take the place of what the connection refers to: an S3 key pair, an access policy's id with its SAS
    token, a service account's address with its JSON key. `config` gives the stack's configuration, for `config:`
    references; `connections` is how many requests may be under way at once. Raises CredentialsUnavailable when the
    reference leads nowhere, and ModelstoreError when the CA bundle or the package for the store is missing.
    """
    if isinstance(connection, AzureConnection):
        from pulumi_modelstore_provider.azure import bucket as azure

        return azure.open_bucket(connection, bucket, credentials=credentials, config=config, connections=connections)
    if isinstance(connection, GcsConnection):
        from pulumi_modelstore_provider.gcs import bucket as gcs

        return gcs.open_bucket(connection, bucket, credentials=credentials, config=config, connections=connections)
    from pulumi_modelstore_provider.s3 import bucket as s3

    return s3.open_bucket(connection, bucket, credentials=credentials, config=config, connections=connections)
