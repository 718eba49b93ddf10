"""Azure Blob Storage: a container, and SAS tokens that can be revoked one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

import pulumi
from pydantic import ValidationError

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems, prefix_problems
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.arguments.refusal import Refusal, refuse
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.azure_access_log import access_log_problems, declare_access_log
from pulumi_modelstore.backends.protocol import DeclaredBucket, IssuedKey, KeyRequest, KServeSecret, ObjectAddress, Role
from pulumi_modelstore.backends.settings import BackendSettings, TextInput
from pulumi_modelstore.backends.store_keys import declare_store_keys
from pulumi_modelstore.backends.verification import verification_problems
from pulumi_modelstore_provider.azure.connection import AzureConnection

if TYPE_CHECKING:
    import pulumi_azure_native as azure

# Naming containers, blobs and metadata (Azure Storage documentation): no dots, no two hyphens in a row.
_CONTAINER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MOST_DAYS = 36_500
_WHOLE_CONTAINER = "a SAS token that can be revoked opens a whole container"


class AzureBlob(BackendSettings):
    """A container of a storage account.

    Keys are SAS tokens of the container, each by a stored access policy. A container has room for five policies, and
    those of others stay as they are. Blocks of unfinished uploads vanish after a week, without a rule.

    Args:
        account: name of the storage account; it exists already.
        container: name of the container.
        resource_group: group of the account. Given, the stack's `azure-native` provider makes the container; unset, the
            account's own interface does.
        endpoint: URL of the blob service, where it is not `https://<account>.blob.core.windows.net`; an emulator's has
            the account as its path.
        prefix: part of the container that the namespace takes; empty for all of it, which issued keys need.
        location: the account's region, to be shown.
        verify_tls: false accepts any certificate on this machine; ask for it only on a network you trust.
        ca_bundle: file with the CA certificates that the endpoint's certificate descends from, on this machine.
        credentials: where uploads, and the issue of keys, find the account's name and key: `env:PREFIX` or
            `config:KEY`. `default` is a login that azure-identity finds; keys cannot be issued with one.
        key_days: days until an issued key ends by itself; raise it, or rotate, before.
    """

    no_public_objects: ClassVar[str | None] = "Azure opens a whole container to the public or none of it"
    opens_by_identity: ClassVar[bool] = True

    kind: Literal["azure-blob"] = "azure-blob"
    account: str
    container: TextInput
    resource_group: TextInput | None = None
    endpoint: str | None = None
    prefix: str = ""
    location: str = ""
    verify_tls: bool = True
    ca_bundle: str | None = None
    credentials: str = "default"
    key_days: int = 3650

    @property
    def bucket(self) -> pulumi.Input[str]:
        """The container's name."""
        return self.container

    @property
    def region(self) -> str:
        """`location`."""
        return self.location

    @property
    def issues_keys(self) -> bool:
        """The package does, with the account's key."""
        return True

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking Azure."""
        found = [Problem("container", item.found, item.remedy) for item in bucket_name_problems(self.container)]
        if isinstance(self.container, str) and not found and not _CONTAINER.fullmatch(self.container):
            remedy = "Use lower-case letters, digits and single hyphens"
            found.append(Problem("container", f'"{self.container}" is no name of a container', remedy))
        found += prefix_problems(self.prefix)
        if not 1 <= self.key_days <= _MOST_DAYS:
            found.append(Problem("key_days", f"{self.key_days} is no life of a key", f"Use 1 to {_MOST_DAYS} days"))
        found += verification_problems(self.ca_bundle, verify_tls=self.verify_tls)
        if self.resource_group is not None and not _is_installed("pulumi_azure_native"):
            remedy = "Install it: pip install 'pulumi-modelstore[azure]', or leave resource_group out"
            found.append(Problem("resource_group", "needs the package pulumi-azure-native", remedy))
        try:
            self._connection()
        except ValidationError as error:
            found += problems_of(error)
        return found

    def _connection(self) -> AzureConnection:
        names = ("account", "endpoint", "verify_tls", "ca_bundle", "credentials")
        return AzureConnection(**{name: getattr(self, name) for name in names})

    def endpoint_url(self) -> pulumi.Input[str]:
        """`endpoint`, or the account's own."""
        return self._connection().url

    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""
        return self._connection().to_inputs()

    def audit_problems(self, audit: AccessLog) -> list[Problem]:
        """What stands against the log of the account's blobs."""
        return access_log_problems(audit, account=self.account, resource_group=self.resource_group)

    def declare_bucket(
        self, name: str, parent: pulumi.Resource, *, adopt: bool, audit: AccessLog | None = None
    ) -> DeclaredBucket:
        """Declare the container, closed to the public, or have it read where `adopt` is true; it outlives the stack."""
        kept = pulumi.ResourceOptions(parent=parent, retain_on_delete=True)
        if self.resource_group is not None and not adopt:
            made = self._by_azure_native(name, kept)
            if audit is not None:
                declare_access_log(name, audit, made, kept)
            return DeclaredBucket(self.container, [made])
        from pulumi_modelstore_provider.resources.bucket import Bucket

        # Adopted by the account's own interface: nothing has to be known of subscription and group.
        bucket = Bucket(
            f"{name}-bucket",
            connection=self.connection(),
            bucket=self.container,
            adopt=adopt,
            namespace=name,
            opts=kept,
        )
        return DeclaredBucket(self.container, [bucket])

    def _by_azure_native(self, name: str, kept: pulumi.ResourceOptions) -> azure.storage.BlobContainer:
        import pulumi_azure_native as azure

        return azure.storage.BlobContainer(
            f"{name}-bucket",
            account_name=self.account,
            resource_group_name=self.resource_group,
            container_name=self.container,
            public_access=azure.storage.PublicAccess.NONE,
            opts=kept,
        )

    def key_problems(self, name: str) -> list[Problem]:
        """What SAS tokens need: the SDK, the account's key, and a container of the namespace's own."""
        found = []
        if not _is_installed("azure.storage.blob"):
            remedy = "Install it: pip install 'pulumi-modelstore[azure]'"
            found.append(Problem("keys", f"of {name} need the package azure-storage-blob", remedy))
        if self.credentials == "default":
            told = "has a backend whose credentials are a login, and only the account's key signs what can be revoked"
            remedy = (
                "Give AzureBlob credentials by 'env:PREFIX' or 'config:KEY', or let pods use identity= without keys"
            )
            found.append(Problem("namespace", told, remedy))
        if self.prefix.strip("/"):
            remedy = "Give the namespace a container of its own, or let pods use identity= without keys"
            found.append(Problem("namespace", f'has the prefix "{self.prefix}", but {_WHOLE_CONTAINER}', remedy))
        return found

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare one access policy a key."""
        if request.prefix:
            found = f'"{request.prefix}" cannot be had: {_WHOLE_CONTAINER}'
            remedy = "Leave it out, or give the consumer a namespace with a container of its own"
            problem = Problem("prefix", found, remedy)
            # Said here: only the request knows what the component asked for.
            refuse(Refusal(type(request.parent).__name__, request.name, (problem,)))
        return declare_store_keys(request, self._issuer())

    def _issuer(self) -> pulumi.Input[dict[str, Any]]:
        settings = {"kind": self.kind, "connection": self.connection(), "keyDays": self.key_days}
        return derive(lambda container: settings | {"container": container}, self.container)

    def object_address(self) -> ObjectAddress:
        """The account's own endpoint, which follows from its name, or `endpoint`."""
        return ObjectAddress("azure", {"account": self.account}, self.endpoint)

    def uri(self, key: str) -> pulumi.Input[str]:
        """`https://<account>.blob.core.windows.net/container/key`, which is what KServe reads as Azure's."""
        own = urlsplit(self.endpoint or "")
        # An emulator's address is none that KServe takes for Azure; in a pod its real name has to lead there.
        base = (
            f"https://{self.account}.blob.core.windows.net" if not own.netloc or own.path.strip("/") else self.endpoint
        )
        return derive(lambda container: f"{base}/{container}/{key}", self.container)

    def kserve_secret(self, key: IssuedKey) -> KServeSecret:
        """The Secret with which KServe reads from here: its initializer takes a SAS token for the account's key.

        Source: KServe v0.20, pkg/credentials/azure, which passes on nothing else of such a Secret.
        """
        return KServeSecret({}, {"AZURE_STORAGE_ACCESS_KEY": key.secret_access_key})


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
