"""Where an S3 endpoint is and how it wants to be spoken to: plain settings, fit for a stack's inputs."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from pulumi_modelstore_provider.credentials import Reference
from pulumi_modelstore_provider.stores.connection_settings import ConnectionSettings
from pulumi_modelstore_provider.stores.endpoint import Endpoint
from pulumi_modelstore_provider.tls import verification

_AWS_HOST = re.compile(r"(^|\.)amazonaws\.com(\.cn)?$")


class S3Connection(ConnectionSettings):
    """One S3 endpoint.

    `endpoint` None means AWS. `addressing` puts the bucket into the path (what most S3-compatible stores expect) or
    into the host name; unset, it is `virtual` for AWS and `path` elsewhere. `ca_bundle` is the path of a PEM file.
    `credentials` is a reference, never a key. `checksums` is the SDK's setting for checksums nobody asked for; unset,
    it is `when_supported` for AWS and `when_required` elsewhere, because older stores refuse what they do not know.
    `signature` is the version of the request signature; `v2` only for stores that never learned the other.
    """

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
    def verify(self) -> bool | str | None:
        """What SDKs take as `verify`. Raises ModelstoreError when the bundle is not there."""
        return verification(verify_tls=self.verify_tls, ca_bundle=self.ca_bundle)

    @property
    def checksum_policy(self) -> Literal["when_supported", "when_required"]:
        """`checksums`, or its default for this endpoint."""
        return self.checksums or ("when_supported" if self.is_aws else "when_required")
