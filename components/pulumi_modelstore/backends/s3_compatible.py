"""Any other store that speaks S3: the bucket through the provider's own resource, keys brought along by the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.protocol import IssuedKey, KeyRequest, Role
from pulumi_modelstore.backends.s3_endpoint import S3Endpoint


class S3Compatible(S3Endpoint):
    """A bucket on any S3 endpoint; the settings are those of `S3Endpoint`."""

    no_access_log: ClassVar[str] = "there is no interface for it that all S3-compatible stores share"
    no_public_objects: ClassVar[str | None] = None

    kind: Literal["s3-compatible"] = "s3-compatible"

    @property
    def issues_keys(self) -> bool:
        """There is no interface for keys that all such stores share."""
        return False

    def key_problems(self, name: str) -> list[Problem]:
        """Keys cannot be issued here."""
        found = f"not given for {name}, and the stack cannot make any on an S3-compatible store"
        return [Problem("keys", found, "Make them in the store's own console and pass ExistingKey(id, secret)")]

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Refused before by `key_problems`."""
        raise NotImplementedError(f"{request.name}: keys of an S3-compatible store are brought along")
