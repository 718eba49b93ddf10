"""VAST Data: a bucket, and a user with an identity policy and access keys for each consumer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pulumi
from pydantic import ValidationError

from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.protocol import IssuedKey, KeyRequest, Role
from pulumi_modelstore.backends.s3_endpoint import S3Endpoint
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.backends.store_keys import declare_store_keys

_ARGUMENTS = {"credentials": "admin_credentials", "verify_tls": "vms_verify_tls", "ca_bundle": "vms_ca_bundle"}


class VastS3(S3Endpoint):
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

    @property
    def issues_keys(self) -> bool:
        """VMS issues them."""
        return True

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        from pulumi_modelstore_provider.keys.vast_s3 import Settings

        found = super().problems()
        try:
            Settings.model_validate(self._settings_of_vms(self.vms if is_plain(self.vms) else "https://not-known-yet"))
        except ValidationError as error:
            found += _in_own_words(problems_of(error))
        if not self.vms_verify_tls and self.vms_ca_bundle:
            remedy = "Leave vms_verify_tls out, or the CA bundle"
            found.append(Problem("vms_verify_tls", "is false although a CA bundle is given to verify with", remedy))
        return found

    def audit_problems(self, audit: AccessLog) -> list[Problem]:
        """What stands against the access log: VAST takes the request by which S3 turns one on."""
        return audit.problems(of=self.bucket)

    def key_problems(self, name: str) -> list[Problem]:
        """What VMS would refuse as a name."""
        if not any(character.isspace() for character in name):
            return []
        return [Problem("name", f'"{name}" has spaces', "Leave them out: it names a user and a policy of VAST")]

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare the user and its keys."""
        return declare_store_keys(request, self._issuer())

    def _issuer(self) -> pulumi.Input[dict[str, Any]]:
        return derive(lambda url: self._settings_of_vms(url.rstrip("/")), self.vms)

    def _settings_of_vms(self, url: Any) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "kind": self.kind,
            "vms": url,
            "credentials": self.admin_credentials,
            "tenant": self.tenant,
            "verifyTls": self.vms_verify_tls,
        }
        if self.user is not None:
            settings["user"] = self.user
        ca_bundle = self.vms_ca_bundle or (self.ca_bundle if self.vms_verify_tls else None)
        return settings | ({"caBundle": ca_bundle} if ca_bundle is not None else {})


def _in_own_words(problems: list[Problem]) -> list[Problem]:
    """The issuer's settings by the names that they have here."""
    return [
        Problem(_ARGUMENTS.get(problem.argument, problem.argument), problem.found, problem.remedy)
        for problem in problems
    ]
