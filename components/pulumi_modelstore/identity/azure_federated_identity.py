"""Azure: a managed identity that a ServiceAccount's own token stands for (Microsoft Entra Workload ID)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal, cast
from urllib.parse import urlsplit

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.backends.protocol import Backend
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.identity.azure_access import blob_condition, role_definition
from pulumi_modelstore.identity.naming import identity_name
from pulumi_modelstore.identity.protocol import DeclaredIdentity, IdentityRequest

if TYPE_CHECKING:
    from pulumi_modelstore.backends.azure_blob import AzureBlob

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ACCOUNT = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Storage/storageAccounts/(?P<name>[^/]+)",
    re.IGNORECASE,
)
# Azure documentation, "Naming rules and restrictions for Azure resources".
_LONGEST_NAME = 64
_AUDIENCE = "api://AzureADTokenExchange"
_LABELS = {"azure.workload.identity/use": "true"}


class AzureFederatedIdentity(CheckedSettings):
    """Pods act as a managed identity, with the token of their ServiceAccount; Azure's webhook hands it to them.

    Args:
        issuer_url: the cluster's OpenID Connect issuer, exactly as the cluster gives it, a slash at its end included.
            The stack makes an identity that trusts the one ServiceAccount of that cluster and opens the namespace,
            nothing else.
        storage_account_id: resource id of the namespace's storage account, for the role on its container; unset, found
            by the backend's `resource_group` in the subscription of the `azure-native` provider.
        resource_group: where the identity is made; unset, in the storage account's group.
        location: region of the identity; unset, the resource group's.
        client_id: in place of these, the client id of an existing identity. Nothing about it is changed: it trusts the
            ServiceAccount and opens the container already.
        tenant_id: tenant of that identity, where the webhook's own is another.
        read_only: whether the identity that the stack makes may only list and read.
    """

    backend_kind: ClassVar[str] = "azure-blob"
    annotation: ClassVar[str] = "azure.workload.identity/client-id"

    kind: Literal["azure-federated-identity"] = "azure-federated-identity"
    issuer_url: TextInput | None = None
    storage_account_id: TextInput | None = None
    resource_group: TextInput | None = None
    location: str | None = None
    client_id: TextInput | None = None
    tenant_id: TextInput | None = None
    read_only: bool = True

    def problems(self, backend: Backend, name: str) -> list[Problem]:  # noqa: ARG002 - the protocol's signature
        """Everything wrong with the settings, without asking Azure."""
        azure = cast("AzureBlob", backend)
        found = self._existing_problems() if self.client_id is not None else self._new_problems(azure)
        issuer = self.issuer_url
        if isinstance(issuer, str) and not (issuer.startswith("https://") and urlsplit(issuer).netloc):
            remedy = "Write it as `az aks show --query oidcIssuerProfile.issuerUrl` prints it"
            found.append(Problem("issuer_url", f'"{issuer}" is no https URL', remedy))
        for argument in ("client_id", "tenant_id"):
            value = getattr(self, argument)
            if isinstance(value, str) and not _GUID.fullmatch(value):
                remedy = "Write it like 01234567-89ab-cdef-0123-456789abcdef"
                found.append(Problem(argument, f'"{value}" is no id', remedy))
        return found + self._account_problems(azure.account)

    def _existing_problems(self) -> list[Problem]:
        unused = ("issuer_url", "storage_account_id", "resource_group", "location")
        remedy = "Leave it out: an identity that exists is used as it is"
        found = [
            Problem(field, "is given beside client_id", remedy) for field in unused if getattr(self, field) is not None
        ]
        if not self.read_only:
            remedy = "Leave it out, and give that identity the role it needs"
            found.append(Problem("read_only", "is false for an identity that the stack does not make", remedy))
        return found

    def _new_problems(self, azure: AzureBlob) -> list[Problem]:
        found = []
        if self.issuer_url is None:
            remedy = "Give the cluster's OpenID Connect issuer, or client_id for an identity that exists"
            found.append(Problem("issuer_url", "is missing", remedy))
        if self.storage_account_id is None and azure.resource_group is None:
            remedy = "Give it, or the backend its resource_group; or client_id for an identity that exists"
            found.append(Problem("storage_account_id", "is missing", remedy))
        if self.tenant_id is not None:
            found.append(
                Problem("tenant_id", "is given without client_id", "Leave it out: the new identity has its own")
            )
        return found

    def _account_problems(self, account: str) -> list[Problem]:
        given = self.storage_account_id
        if not isinstance(given, str):
            return []
        match = _ACCOUNT.fullmatch(given)
        if match is None:
            form = "/subscriptions/.../resourceGroups/.../providers/Microsoft.Storage/storageAccounts/acmemodels"
            return [Problem("storage_account_id", f'"{given}" is no id of a storage account', f"Write it like {form}")]
        if account != match["name"]:
            found = f'is of account "{match["name"]}", and the namespace is on "{account}"'
            return [Problem("storage_account_id", found, "Give the id of the namespace's account")]
        return []

    def declare(self, request: IdentityRequest) -> DeclaredIdentity:
        """Declare the identity, whom it trusts and what it opens, or take the existing one."""
        if self.client_id is not None:
            return _declared(self.client_id, self.tenant_id)
        import pulumi_azure_native as azure

        name = identity_name(request.name, longest=_LONGEST_NAME)
        account = self._storage_account(request)
        own = self.resource_group
        group: pulumi.Input[str] = derive(_group_of, account) if own is None else own
        identity = azure.managedidentity.UserAssignedIdentity(
            f"{request.name}-identity",
            resource_name_=name,
            resource_group_name=group,
            location=self.location,
            opts=request.options(),
        )
        federation = azure.managedidentity.FederatedIdentityCredential(
            f"{request.name}-federation",
            federated_identity_credential_resource_name=name,
            resource_name_=identity.name,
            resource_group_name=group,
            issuer=self.issuer_url,
            subject=request.subject,
            audiences=[_AUDIENCE],
            opts=request.options(),
        )
        prefix = request.backend.prefix
        condition = blob_condition(prefix, read_only=self.read_only)
        access = azure.authorization.RoleAssignment(
            f"{request.name}-access",
            principal_id=identity.principal_id,
            # Said, because a new principal may not be known yet to the side that assigns the role.
            principal_type="ServicePrincipal",
            role_definition_id=derive(role_definition(read_only=self.read_only), account),
            scope=derive(_container_id, account, request.bucket),
            condition=condition,
            condition_version="2.0" if condition else None,
            opts=request.options(),
        )
        return _declared(identity.client_id, identity.tenant_id, identity, federation, access)

    def _storage_account(self, request: IdentityRequest) -> pulumi.Input[str]:
        if self.storage_account_id is not None:
            return self.storage_account_id
        import pulumi_azure_native as azure

        backend = cast("AzureBlob", request.backend)
        client = azure.authorization.get_client_config_output(opts=pulumi.InvokeOptions(parent=request.parent))
        return derive(
            lambda subscription, group: (
                f"/subscriptions/{subscription}/resourceGroups/{group}"
                f"/providers/Microsoft.Storage/storageAccounts/{backend.account}"
            ),
            client.subscription_id,
            backend.resource_group,
        )


def _declared(
    client_id: pulumi.Input[str], tenant_id: pulumi.Input[str] | None, *resources: pulumi.Resource
) -> DeclaredIdentity:
    annotations = {AzureFederatedIdentity.annotation: client_id}
    if tenant_id is not None:
        annotations["azure.workload.identity/tenant-id"] = tenant_id
    return DeclaredIdentity(client_id, annotations, pod_labels=_LABELS, resources=resources)


def _group_of(storage_account_id: str) -> str:
    match = _ACCOUNT.fullmatch(storage_account_id)
    if match is None:
        raise ValueError(f"{storage_account_id!r} is no resource id of a storage account")
    return match["group"]


def _container_id(storage_account_id: str, container: str) -> str:
    return f"{storage_account_id}/blobServices/default/containers/{container}"
