"""A bucket of its own for each test, on a real server."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.artifacts.upload import UploadRequest
from pulumi_modelstore_provider.s3.bucket import S3Bucket, open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection

PREFIX = "team/models/llama/"
MIB = 1 << 20


@dataclass(frozen=True)
class Store:
    """A bucket, and how to reach it: directly, or through a proxy by `via`."""

    endpoint: str
    bucket: str
    client: Any
    credentials: str = "env:STORE"

    @property
    def connection(self) -> S3Connection:
        return S3Connection(endpoint=self.endpoint, credentials=self.credentials)

    @cached_property
    def objects(self) -> S3Bucket:
        return open_bucket(self.connection, self.bucket)

    def via(self, endpoint: str) -> Store:
        return Store(endpoint, self.bucket, self.client, self.credentials)

    def listed(self) -> list[str]:
        return [item.key for item in self.objects.list("")]

    def body(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body


def new_bucket(client: Any) -> str:
    """Create a bucket with a name of its own."""
    bucket = f"test-{secrets.token_hex(6)}"
    client.create_bucket(Bucket=bucket)
    return bucket


def request_for(folder: Path, version: str = "") -> UploadRequest:
    """The request that a program makes for a folder as it is now."""
    content = read_source(folder, base=folder)
    return UploadRequest(PREFIX, version or content.default_version, content.as_inputs(), str(folder))


def write_parts(path: Path, sizes: list[int], *, seed: int = 0) -> bytes:
    """Write a file whose parts differ from each other; returns its bytes."""
    body = b"".join(bytes([(seed + number) % 256]) * size for number, size in enumerate(sizes))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return body
