"""A bucket of its own for each test, on any kind of store, as one to read from or to copy within."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from provider.azure_store import azure_store
from provider.stores import new_bucket
from pulumi_modelstore_provider.artifacts.sources.settings import BucketObjects
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.stores.opening import open_bucket
from pulumi_modelstore_provider.stores.protocol import ObjectStore
from servers.azurite import Azurite
from servers.ceph import CephServer
from servers.gcs import GcsServer
from servers.minio import MinioServer
from servers.versitygw import VersityGateway


@dataclass(frozen=True)
class Place:
    """A bucket to read from."""

    connection: Connection
    bucket: str

    @property
    def objects(self) -> ObjectStore:
        return open_bucket(self.connection, self.bucket)

    def fill(self, files: Mapping[str, bytes], prefix: str = "") -> None:
        for path, body in files.items():
            self.objects.put(f"{prefix}{path}", body, content_type="application/octet-stream")

    def source(self, prefix: str = "", **settings: object) -> BucketObjects:
        return BucketObjects.model_validate(
            {"connection": self.connection, "bucket": self.bucket, "prefix": prefix, **settings}
        )

    def another(self) -> Place:
        """Another bucket of the same store."""
        made = replace(self, bucket=f"other-{secrets.token_hex(6)}")
        made.objects.create_bucket()
        return made


def s3_place(server: VersityGateway | MinioServer | CephServer) -> tuple[Place, dict[str, str]]:
    """A bucket there, and the variables that its credentials refer to."""
    key = server.owner if isinstance(server, CephServer) else server
    variables = {"SOURCE_ACCESS_KEY_ID": key.access_key_id, "SOURCE_SECRET_ACCESS_KEY": key.secret_access_key}
    connection = S3Connection(endpoint=server.endpoint, credentials="env:SOURCE")
    return Place(connection, new_bucket(server.client())), variables


def azure_place(server: Azurite) -> tuple[Place, dict[str, str]]:
    """A container there, and the variables that its credentials refer to."""
    store = azure_store(server)
    connection = store.connection.model_copy(update={"credentials": "env:SOURCE"})
    return Place(connection, store.bucket), server.environment("SOURCE")


def gcs_place(server: GcsServer) -> tuple[Place, dict[str, str]]:
    """The name of a bucket that is not there yet, and the variables that its credentials refer to."""
    connection = GcsConnection(endpoint=server.endpoint, project=server.project, location="EU", credentials="env:GCS")
    return Place(connection, f"source-{secrets.token_hex(6)}"), server.environment()
