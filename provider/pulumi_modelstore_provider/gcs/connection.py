"""How Google Cloud Storage wants to be spoken to: plain settings, fit for a stack's inputs."""

from __future__ import annotations

from typing import ClassVar, Literal

from pulumi_modelstore_provider.credentials import Reference
from pulumi_modelstore_provider.stores.connection_settings import ConnectionSettings
from pulumi_modelstore_provider.stores.endpoint import Endpoint


class GcsConnection(ConnectionSettings):
    """Google Cloud Storage, or an emulator of it.

    `endpoint` None means Google's own. `project` and `location` are for creating a bucket. `ca_bundle` is the path of a
    PEM file. `credentials` is a reference, never a key: `default` (application default credentials; none at all for an
    endpoint without TLS, where a token would travel in clear), or `env:PREFIX` and `config:KEY`, whose secret is the
    text of a service account's JSON key and whose id is its `client_email`.
    """

    no_profiles: ClassVar[str | None] = (
        "Google Cloud has no profiles of keys: use 'default' (application default credentials), or "
        "'env:PREFIX' or 'config:KEY' with the text of a service account's JSON key"
    )

    kind: Literal["gcs"] = "gcs"
    project: str | None = None
    location: str | None = None
    endpoint: Endpoint | None = None
    verify_tls: bool = True
    ca_bundle: str | None = None
    credentials: Reference = "default"

    @property
    def scheme(self) -> str:
        """How identities of what is in the store begin."""
        return "gs"

    @property
    def address(self) -> str:
        """The store's identity."""
        return (self.endpoint or "https://storage.googleapis.com").lower()
