"""Azure Blob Storage: Azurite over TLS, the container by a stand-in for pulumi-azure-native."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import AccessPolicy, BlobServiceClient

from backends.rig import Denied, Rig, RigTools, Stack, StoreKey
from servers.azurite import HOST, Azurite, azurite_server
from standins.plugin import write_plugin

SITE = """
# In a pod the account's name leads to Azure. Here it leads to Azurite; nothing else about the client is changed.
import socket
_resolve = socket.getaddrinfo
def _lead(host, port, *further, **named):
    if host == {host!r}:
        host, port = "127.0.0.1", {port}
    return _resolve(host, port, *further, **named)
socket.getaddrinfo = _lead
"""


class AzureRig:
    """Azurite's account and its key."""

    kind = "azure-blob"
    configuration: Mapping[str, Any] = {}
    issues_keys = True
    holds_prefixes = False
    cannot_create: str | None = None

    def __init__(self, server: Azurite, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.service = server.service()
        self.environment: Mapping[str, str] = server.environment()
        write_plugin(
            folder / "plugins",
            "azure-native",
            "standins.azure_native",
            {
                "AZURITE_ENDPOINT": server.endpoint,
                "AZURITE_ACCOUNT": server.account,
                "AZURITE_ACCOUNT_KEY": server.account_key,
                "AZURITE_CA_BUNDLE": str(server.ca_bundle),
            },
        )
        self.path: Sequence[Path] = [folder / "plugins"]
        site = folder / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(SITE.format(host=HOST, port=server.port))
        # Kept: clients share their connections.
        self._with_token = cache(self._service_with_token)

    def settings(self, bucket: str) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "account": self.server.account,
            "container": bucket,
            "resourceGroup": "models",
            "endpoint": self.server.endpoint,
            "caBundle": str(self.server.ca_bundle),
            "credentials": "env:STORE",
        }

    def make_bucket(self, bucket: str) -> None:
        self.service.create_container(bucket)

    def remove(self, bucket: str) -> None:
        try:
            self.service.delete_container(bucket)
        except ResourceNotFoundError:
            return

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.service.get_container_client(bucket).upload_blob(key, body, overwrite=True)

    def objects(self, bucket: str) -> dict[str, str]:
        container = self.service.get_container_client(bucket)
        return {
            blob.name: hashlib.sha256(container.download_blob(blob.name).readall()).hexdigest()
            for blob in container.list_blobs()
        }

    def key_ids(self) -> set[str] | None:
        return {key for policies in self._policies().values() for key in policies}

    def key_id(self, key: StoreKey) -> str:
        return key.access_key_id

    def principals(self) -> set[str] | None:
        return {key.split(":")[0] for key in self.key_ids() or ()}

    def bring_key(self, bucket: str) -> StoreKey | None:
        return None

    def add_key(self, stack: Stack) -> str | None:
        (principal,) = stack.of_type(":Principal")
        key_id = f"{principal.id}:key:0:{secrets.token_hex(4)}"
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        bucket = str(principal.inputs["bucket"])
        self._set(bucket, self._policies()[bucket] | {key_id: AccessPolicy("rl", end)})
        return key_id

    def drop_key(self, key_id: str) -> None:
        for bucket, policies in self._policies().items():
            if policies.pop(key_id, None) is not None:
                self._set(bucket, policies)

    def key_of_secret(self, data: Mapping[str, str]) -> StoreKey:
        token = data["AZURE_STORAGE_ACCESS_KEY"]
        return StoreKey(parse_qs(token)["si"][0], token)

    def read(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        with _denials():
            body: bytes = self._container(bucket, credentials).download_blob(key).readall()
            return body

    def read_by_tool(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        return self.read(bucket, key, credentials)

    def write(self, bucket: str, key: str, body: bytes, credentials: StoreKey) -> None:
        with _denials():
            self._container(bucket, credentials).upload_blob(key, body, overwrite=True)

    def pod_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {"PYTHONPATH": str(self.folder / "site"), "SSL_CERT_FILE": str(self.server.ca_bundle)}

    def _policies(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for container in self.service.list_containers():
            access = self.service.get_container_client(container.name).get_container_access_policy()
            found[container.name] = {policy.id: policy.access_policy for policy in access["signed_identifiers"]}
        return found

    def _set(self, bucket: str, policies: dict[str, Any]) -> None:
        self.service.get_container_client(bucket).set_container_access_policy(policies)

    def _container(self, bucket: str, key: StoreKey) -> Any:
        return self._with_token(key.secret).get_container_client(bucket)

    def _service_with_token(self, token: str) -> BlobServiceClient:
        service: BlobServiceClient = self.server.service(credential=token)
        return service


@contextmanager
def _denials() -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        if error.status_code not in (401, 403):
            raise
        raise Denied(str(error.message).partition("\n")[0]) from None


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """A server of its own: KServe reads Azure's blobs over TLS alone."""
    with azurite_server(tls=True) as server:
        yield AzureRig(server, tools.folder)
