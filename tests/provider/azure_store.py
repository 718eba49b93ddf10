"""A container of its own for each test, on Azurite."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property

from provider.recording_proxy import Answer, Exchange, RecordingProxy
from pulumi_modelstore_provider.azure.bucket import AzureContainer, open_bucket
from pulumi_modelstore_provider.azure.connection import AzureConnection
from servers.azurite import Azurite


@dataclass(frozen=True)
class AzureStore:
    """A container, and how to reach it: directly, or through a proxy by `via`."""

    server: Azurite
    bucket: str
    endpoint: str
    credentials: str = "env:STORE"

    @property
    def connection(self) -> AzureConnection:
        ca_bundle = str(self.server.ca_bundle) if self.server.ca_bundle else None
        return AzureConnection(
            account=self.server.account, endpoint=self.endpoint, credentials=self.credentials, ca_bundle=ca_bundle
        )

    @cached_property
    def objects(self) -> AzureContainer:
        return open_bucket(self.connection, self.bucket)

    def via(self, proxy: RecordingProxy) -> AzureStore:
        return AzureStore(self.server, self.bucket, f"{proxy.endpoint}/{self.server.account}", self.credentials)

    def listed(self) -> list[str]:
        return [blob.name for blob in self.server.container(self.bucket).list_blobs()]

    def body(self, key: str) -> bytes:
        body: bytes = self.server.container(self.bucket).download_blob(key).readall()
        return body


def azure_store(server: Azurite) -> AzureStore:
    """Create a container with a name of its own."""
    bucket = f"test-{secrets.token_hex(6)}"
    server.service().create_container(bucket)
    return AzureStore(server, bucket, server.endpoint)


def is_block(exchange: Exchange) -> bool:
    """Whether the request sends a part: header blocks have one byte."""
    return exchange.query.get("comp") == ["block"] and len(exchange.body) > 1


def refusal(status: int, code: str, message: str = "the message", **headers: str) -> Answer:
    """An error as the blob service writes it."""
    body = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    given = {"x-ms-error-code": code, "x-ms-request-id": "1", "x-ms-version": "2025-01-05", **headers}
    return Answer(status, [("Content-Type", "application/xml"), *given.items()], body.encode())
