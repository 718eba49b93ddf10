"""VAST Data: a bucket, and a user with an identity policy and access keys for each consumer."""

from __future__ import annotations

from typing import Any, Literal

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.managed_endpoint import ManagedEndpoint, Management
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore_provider.keys.protocol import IssuerSettings


class VastS3(ManagedEndpoint):
    """A bucket on VAST Data; the other settings are those of `S3Endpoint`.

    The bucket is made by an S3 request of the user whose keys are `credentials`, and belongs to that user: VAST makes
    the view for it, at the path and with the view policy of the S3 Endpoint view that names the user as bucket creator,
    or else under `/` with `S3_default_policy`. The user needs the permission to create buckets. To choose path and
    policy otherwise, make the view in VMS and adopt its bucket. Nothing here deletes a view or its folder.

    Each consumer gets a user `<consumer>.<bucket>` of the local provider, with an identity policy of the same name that
    opens the bucket, or the prefix. It owns nothing and may create no bucket.

    Args:
        vms: URL of VMS, the management service, such as `https://vms.example.org`.
        admin_credentials: where a manager of VMS is found who may manage users and identity policies: `env:PREFIX` or
            `config:KEY`, the name as access key id and the password as secret key; `api-token` as access key id makes
            the secret key an API token.
        tenant: name of the tenant that the bucket is on, as VMS shows it; keys and policies are that tenant's.
        user: an existing user of the local provider who gets the keys. They may do all that this user may, by
            whatever other policies it has; it stays when its keys go.
        vms_verify_tls: false accepts any certificate of VMS; ask for it only on a network you trust.
        vms_ca_bundle: file with the CA certificates to verify VMS; unset, `ca_bundle`.
    """

    kind: Literal["vast-s3"] = "vast-s3"
    vms: TextInput
    admin_credentials: str
    tenant: str = "default"
    user: str | None = None
    vms_verify_tls: bool = True
    vms_ca_bundle: str | None = None

    def audit_problems(self, audit: AccessLog) -> list[Problem]:
        """What stands against the access log: VAST takes the request by which S3 turns one on."""
        return audit.problems(of=self.bucket)

    def key_problems(self, name: str) -> list[Problem]:
        """What VMS would refuse as a name."""
        if not any(character.isspace() for character in name):
            return []
        return [Problem("name", f'"{name}" has spaces', "Leave them out: it names a user and a policy of VAST")]

    def _management(self) -> Management:
        return Management("vms", self.vms, self.vms_verify_tls, self.vms_ca_bundle)

    def _issuer_model(self) -> type[IssuerSettings]:
        from pulumi_modelstore_provider.keys.vast_s3 import Settings

        return Settings

    def _issuer_settings(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "credentials": self.admin_credentials,
            "tenant": self.tenant,
            "user": self.user,
        }
