"""Weka: a bucket, and a service account of one S3 user for each key."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.managed_endpoint import ManagedEndpoint, Management
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore_provider.keys.protocol import IssuerSettings


class WekaS3(ManagedEndpoint):
    """A bucket on Weka; the other settings are those of `S3Endpoint`.

    Keys are service accounts of the S3 user in `admin_credentials`, each with a policy that opens the bucket, or the
    prefix; they may never do more than that user. Their policies cannot be changed, so another prefix or `read_only`
    replaces both keys of a pair at once.

    Args:
        api: URL of Weka's REST interface, such as `https://weka01:14000`.
        admin_credentials: where the S3 user is found, who alone manages its service accounts: `env:PREFIX` or
            `config:KEY`, the user's name as access key id and its password as secret key; unset, `credentials`.
        organization: of the S3 user; unset for the root organization.
        api_verify_tls: false accepts any certificate of the interface; ask for it only on a network you trust.
        api_ca_bundle: file with the CA certificates to verify the interface; unset, `ca_bundle`.
    """

    no_access_log: ClassVar[str] = (
        "Weka audits S3 for the whole cluster, to a webhook that its administrator sets up, and no single bucket"
    )

    kind: Literal["weka-s3"] = "weka-s3"
    api: TextInput
    admin_credentials: str | None = None
    organization: str | None = None
    api_verify_tls: bool = True
    api_ca_bundle: str | None = None

    def key_problems(self, name: str) -> list[Problem]:  # noqa: ARG002 - Weka's accounts have no names
        """Weka refuses no name: it is not told any."""
        return []

    def _management(self) -> Management:
        return Management("api", self.api, self.api_verify_tls, self.api_ca_bundle)

    def _issuer_model(self) -> type[IssuerSettings]:
        from pulumi_modelstore_provider.keys.weka_s3 import Settings

        return Settings

    def _issuer_settings(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "credentials": self.admin_credentials or self.credentials,
            "organization": self.organization,
        }
