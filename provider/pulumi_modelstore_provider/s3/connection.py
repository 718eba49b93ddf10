"""Where an S3 endpoint is and how it wants to be spoken to: plain settings, fit for a stack's inputs."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.credentials import Reference
from pulumi_modelstore_provider.stores.endpoint import Endpoint

_AWS_HOST = re.compile(r"(^|\.)amazonaws\.com(\.cn)?$")


class S3Connection(BaseModel):
    """One S3 endpoint.

    `endpoint` None means AWS. `addressing` puts the bucket into the path (what most S3-compatible stores expect) or
    into the host name; unset, it is `virtual` for AWS and `path` elsewhere. `ca_bundle` is the path of a PEM file.
    `credentials` is a reference, never a key. `checksums` is the SDK's setting for checksums nobody asked for; unset,
    it is `when_supported` for AWS and `when_required` elsewhere, because older stores refuse what they do not know.
    `signature` is the version of the request signature; `v2` only for stores that never learned the other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    endpoint: Endpoint | None = None
    region: str = Field(default="us-east-1", min_length=1)
    addressing: Literal["path", "virtual"] | None = None
    verify_tls: bool = True
    ca_bundle: str | None = None
    credentials: Reference = "default"
    checksums: Literal["when_supported", "when_required"] | None = None
    signature: Literal["v4", "v2"] | None = None

    @property
    def scheme(self) -> str:
        """How identities of what is in the store begin."""
        return "s3"

    @property
    def is_aws(self) -> bool:
        """Whether the endpoint is one of AWS's own."""
        return self.endpoint is None or bool(_AWS_HOST.search(urlsplit(self.endpoint).hostname or ""))

    @property
    def address(self) -> str:
        """The endpoint's identity: scheme, host and port; all regional endpoints of AWS are the same store."""
        return "aws" if self.is_aws else str(self.endpoint).lower()

    @property
    def addressing_style(self) -> Literal["path", "virtual"]:
        """`addressing`, or its default for this endpoint."""
        return self.addressing or ("virtual" if self.endpoint is None else "path")

    @property
    def checksum_policy(self) -> Literal["when_supported", "when_required"]:
        """`checksums`, or its default for this endpoint."""
        return self.checksums or ("when_supported" if self.is_aws else "when_required")

    def to_inputs(self) -> dict[str, Any]:
        """Return the settings as plain JSON for a resource's `connection` input; what is unset is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)
