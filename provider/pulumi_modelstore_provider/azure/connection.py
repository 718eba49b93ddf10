"""Where a storage account's blob service is and how it wants to be spoken to: plain settings for a stack's inputs."""

from __future__ import annotations

import re
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import field_validator

from pulumi_modelstore_provider.credentials import Reference
from pulumi_modelstore_provider.stores.connection_settings import ConnectionSettings
from pulumi_modelstore_provider.stores.endpoint import valid_endpoint

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")


class AzureConnection(ConnectionSettings):
    """The blob service of one storage account.

    `account` is its name: 3 to 24 lower-case letters and digits. `endpoint` None means
    `https://<account>.blob.core.windows.net`; an emulator's has the account as its path, such as
    `http://127.0.0.1:10000/devstoreaccount1`. `ca_bundle` is the path of a PEM file. `credentials` is a reference,
    never a key: `env:` and `config:` lead to the account's name and key (or to any name and a SAS token), `default` to
    what azure-identity finds.
    """

    no_profiles: ClassVar[str | None] = (
        "'profile:' names a profile of the AWS configuration, which Azure does not have; use 'env:PREFIX', "
        "'config:KEY', or 'default' for a login of the Azure CLI, a managed identity and the like"
    )

    kind: Literal["azure-blob"] = "azure-blob"
    account: str
    endpoint: str | None = None
    verify_tls: bool = True
    ca_bundle: str | None = None
    credentials: Reference = "default"

    @field_validator("account")
    @classmethod
    def _account_is_a_name(cls, value: str) -> str:
        if not _ACCOUNT.fullmatch(value):
            raise ValueError("a storage account's name has 3 to 24 lower-case letters and digits")
        return value

    @field_validator("endpoint")
    @classmethod
    def _endpoint_is_a_plain_url(cls, value: str | None) -> str | None:
        return None if value is None else valid_endpoint(value, with_path=True)

    @property
    def scheme(self) -> str:
        """How identities of what is in the store begin."""
        return "azure"

    @property
    def url(self) -> str:
        """The blob service's URL."""
        return self.endpoint or f"https://{self.account}.blob.core.windows.net"

    @property
    def address(self) -> str:
        """The account's identity: the same behind whatever spelling of its URL."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"
