"""MinIO: a bucket, and a user with a policy and access keys for each consumer."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, ClassVar, Literal

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.issuing_endpoint import IssuingEndpoint, administrator_problems


class Minio(IssuingEndpoint):
    """A bucket on MinIO; the other settings are those of `S3Endpoint`.

    Keys belong to a user `<consumer>@<bucket>`, which is what MinIO's audit names. There is no rule against unfinished
    uploads: MinIO refuses one, and removes them itself after a day or what `MINIO_API_STALE_UPLOADS_EXPIRY` says there.

    Args:
        admin_credentials: where the key is found that may manage users, policies and access keys: `env:PREFIX`,
            `profile:NAME`, `config:KEY` or `default`; unset, `credentials` are of such a key.
    """

    no_access_log: ClassVar[str] = (
        "MinIO audits the whole server, to a webhook or a Kafka that its operator sets up, and no single bucket"
    )
    no_public_objects: ClassVar[str | None] = None

    kind: Literal["minio"] = "minio"
    admin_credentials: str | None = None

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        return super().problems() + administrator_problems(self.admin_credentials, example="env:MINIO_ADMIN")

    def key_problems(self, name: str) -> list[Problem]:
        """Whether MinIO's SDK is there."""
        if find_spec("minio") is not None:
            return []
        remedy = "Install it: pip install 'pulumi-modelstore[minio]'"
        return [Problem("keys", f"of {name} need the Python package minio, which is not installed", remedy)]

    def _issuer(self) -> pulumi.Input[dict[str, Any]]:
        settings: dict[str, Any] = {
            "kind": self.kind,
            "credentials": self.admin_credentials or self.credentials,
            "verifyTls": self.verify_tls,
        }
        if self.ca_bundle is not None:
            settings["caBundle"] = self.ca_bundle
        return derive(lambda url: settings | {"endpoint": url.rstrip("/")}, self.endpoint)
