"""A bucket on MinIO with an object in it, and an issuer of keys to it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from provider.stores import new_bucket
from pulumi_modelstore_provider.keys.minio import MinioKeys, Settings
from pulumi_modelstore_provider.keys.protocol import NewKey, Scope
from servers.minio import MinioServer


@dataclass(frozen=True)
class Bucket:
    """One test's bucket; `name` is also part of the consumer's name, so that tests do not meet."""

    server: MinioServer
    name: str

    @property
    def consumer(self) -> str:
        return f"readers-{self.name[-12:]}"

    @property
    def settings(self) -> Settings:
        return Settings(endpoint=self.server.endpoint, credentials="env:MINIO_ADMIN")

    @property
    def issuer(self) -> MinioKeys:
        return self.settings.open(None)

    @property
    def scope(self) -> Scope:
        return Scope(self.name)

    def reading(self, **changes: Any) -> Scope:
        return replace(self.scope, read_only=True, **changes)

    def put(self, key: str, body: bytes = b"weights") -> None:
        self.server.client().put_object(Bucket=self.name, Key=key, Body=body)

    def digests(self) -> dict[str, str]:
        client = self.server.client()
        listed = client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {
            item["Key"]: hashlib.sha256(client.get_object(Bucket=self.name, Key=item["Key"])["Body"].read()).hexdigest()
            for item in listed
        }


def bucket_on(server: MinioServer) -> Bucket:
    """A new bucket with two objects, `team/a` and `other/a`."""
    bucket = Bucket(server, new_bucket(server.client()))
    bucket.put("team/a")
    bucket.put("other/a")
    return bucket


def unused_name() -> str:
    return f"name-{secrets.token_hex(6)}"


def answer(bucket: Bucket, key: NewKey, call: str, **arguments: Any) -> str:
    """What a call with the key ends with: `ok`, or the store's code for the refusal."""
    client = bucket.server.client(key=(key.access_key_id, key.secret_access_key))
    try:
        getattr(client, call)(**{"Bucket": bucket.name} | arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"
