"""Stands in for pulumi-azure-native: a container of a storage account, on Azurite.

AZURITE_ENDPOINT, AZURITE_ACCOUNT, AZURITE_ACCOUNT_KEY and, with TLS, AZURITE_CA_BUNDLE say where that is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from standins.plugin import Properties, StandInType

SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"


def container_id(group: str, account: str, container: str) -> str:
    """The resource id of a container."""
    account_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts"
    return f"{account_id}/{account}/blobServices/default/containers/{container}"


class BlobContainer(StandInType):
    """`storage.BlobContainer`."""

    token = "azure-native:storage:BlobContainer"
    arguments = frozenset({"accountName", "containerName", "publicAccess", "resourceGroupName"})
    required = frozenset({"accountName", "resourceGroupName"})
    replaces = frozenset({"accountName", "containerName", "resourceGroupName"})
    outputs = ("name", "type", "etag", "hasLegalHold", "leaseState")

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["containerName"]
        try:
            _container(inputs, name).create_container(public_access=_access(inputs))
        except ResourceExistsError:
            # The management interface's PUT takes a container that is there for its own.
            _container(inputs, name).get_container_properties()
        identity = container_id(inputs["resourceGroupName"], inputs["accountName"], name)
        return identity, self._outputs(identity, inputs)

    def read(self, identity: str, state: Properties) -> Properties | None:
        parts = identity.split("/")
        inputs = {"resourceGroupName": parts[4], "accountName": parts[8], "containerName": parts[12]}
        try:
            return self._outputs(identity, {"publicAccess": "None", **inputs, **state})
        except ResourceNotFoundError:
            return None

    def delete(self, identity: str, state: Properties) -> None:
        raise AssertionError(f"a namespace's container is never deleted: {identity}")

    def _outputs(self, identity: str, inputs: Properties) -> Properties:
        found = _container(inputs, identity.rsplit("/", 1)[-1]).get_container_properties()
        return {
            **{name: value for name, value in inputs.items() if name in self.arguments},
            "name": found.name,
            "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
            "etag": found.etag,
            "hasLegalHold": False,
            "leaseState": str(found.lease.state),
        }


def _container(inputs: Properties, name: str) -> Any:
    from azure.storage.blob import BlobServiceClient

    if inputs["accountName"] != os.environ["AZURITE_ACCOUNT"]:
        raise LookupError(f"there is no storage account {inputs['accountName']}")
    service = BlobServiceClient(
        os.environ["AZURITE_ENDPOINT"],
        credential=os.environ["AZURITE_ACCOUNT_KEY"],
        connection_verify=os.environ.get("AZURITE_CA_BUNDLE") or True,
    )
    return service.get_container_client(name)


def _access(inputs: Properties) -> str | None:
    access = inputs.get("publicAccess", "None")
    return None if access == "None" else str(access).lower()


TYPES: Mapping[str, StandInType] = {BlobContainer.token: BlobContainer()}
