"""How Google Cloud Storage wants to be spoken to: plain settings, fit for a stack's inputs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.credentials import parse_reference
from pulumi_modelstore_provider.stores.endpoint import Endpoint


class GcsConnection(BaseModel):
    """Google Cloud Storage, or an emulator of it.

    `endpoint` None means Google's own. `project` and `location` are for creating a bucket. `ca_bundle` is the path of a
    PEM file. `credentials` is a reference, never a key: `default` (application default credentials; none at all for an
    endpoint without TLS, where a token would travel in clear), or `env:PREFIX` and `config:KEY`, whose secret is the
    text of a service account's JSON key and whose id is its `client_email`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    kind: Literal["gcs"] = "gcs"
    project: str | None = None
    location: str | None = None
    endpoint: Endpoint | None = None
    verify_tls: bool = True
    ca_bundle: str | None = None
    credentials: str = "default"

    @field_validator("credentials")
    @classmethod
    def _credentials_are_a_reference(cls, value: str) -> str:
        if parse_reference(value).kind == "profile":
            raise ValueError(
                "Google Cloud has no profiles of keys: use 'default' (application default credentials), or "
                "'env:PREFIX' or 'config:KEY' with the text of a service account's JSON key"
            )
        return value

    @property
    def scheme(self) -> str:
        """How identities of what is in the store begin."""
        return "gs"

    @property
    def address(self) -> str:
        """The store's identity."""
        return (self.endpoint or "https://storage.googleapis.com").lower()

    def to_inputs(self) -> dict[str, Any]:
        """Return the settings as plain JSON for a resource's `connection` input; what is unset is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)
