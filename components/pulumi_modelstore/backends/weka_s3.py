"""Weka: a bucket, and a service account of one S3 user for each key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import pulumi
from pydantic import ValidationError

from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.backends.protocol import IssuedKey, KeyRequest, Role
from pulumi_modelstore.backends.s3_endpoint import S3Endpoint
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.backends.store_keys import declare_store_keys

_ARGUMENTS = {"credentials": "admin_credentials", "verify_tls": "api_verify_tls", "ca_bundle": "api_ca_bundle"}


class WekaS3(S3Endpoint):
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

    @property
    def issues_keys(self) -> bool:
        """Weka issues them."""
        return True

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        from pulumi_modelstore_provider.keys.weka_s3 import Settings

        found = super().problems()
        try:
            Settings.model_validate(self._settings_of_api(self.api if is_plain(self.api) else "https://not-known-yet"))
        except ValidationError as error:
            found += [
                Problem(_ARGUMENTS.get(problem.argument, problem.argument), problem.found, problem.remedy)
                for problem in problems_of(error)
            ]
        if not self.api_verify_tls and self.api_ca_bundle:
            remedy = "Leave api_verify_tls out, or the CA bundle"
            found.append(Problem("api_verify_tls", "is false although a CA bundle is given to verify with", remedy))
        return found

    def key_problems(self, name: str) -> list[Problem]:  # noqa: ARG002 - Weka's accounts have no names
        """Weka refuses no name: it is not told any."""
        return []

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare the keys."""
        return declare_store_keys(request, self._issuer())

    def _issuer(self) -> pulumi.Input[dict[str, Any]]:
        return derive(lambda url: self._settings_of_api(url.rstrip("/")), self.api)

    def _settings_of_api(self, url: Any) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "kind": self.kind,
            "api": url,
            "credentials": self.admin_credentials or self.credentials,
            "verifyTls": self.api_verify_tls,
        }
        if self.organization is not None:
            settings["organization"] = self.organization
        ca_bundle = self.api_ca_bundle or (self.ca_bundle if self.api_verify_tls else None)
        return settings | ({"caBundle": ca_bundle} if ca_bundle is not None else {})
