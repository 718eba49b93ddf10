"""Ceph's Object Gateway: a bucket, and a user let in by the bucket's policy for each consumer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, ClassVar, Literal

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.issuing_endpoint import IssuingEndpoint, administrator_problems
from pulumi_modelstore.backends.protocol import ObjectAddress
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore_provider.keys.ceph_rgw import ADMIN_PATH, TENANT
from pulumi_modelstore_provider.stores.endpoint import valid_endpoint

# "$" and ":" part tenants and subusers from users' names in Ceph; spaces are signed in two ways.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class CephRgw(IssuingEndpoint):
    """A bucket on Ceph's Object Gateway (RGW); the other settings are those of `S3Endpoint`.

    `credentials` are those of the user who owns the bucket, and so sets its policy. Each consumer gets a user of its
    own, `<consumer>@<bucket>`, who owns nothing and may create no bucket. `region` is the zone group's name where the
    bucket is to be in another one than the gateway's own; Ceph takes any region in signatures.

    Args:
        admin_credentials: where the key of a user with the capability `users=*` is found, who makes users and keys:
            `env:PREFIX`, `profile:NAME`, `config:KEY` or `default`; unset, the bucket's owner has that capability.
        admin_endpoint: URL of the gateway with the Admin Ops API, where that is another one than `endpoint`.
        admin_path: the API's entry there, `rgw_admin_entry` in Ceph's configuration.
        tenant: of the bucket's owner; empty outside of tenants.
    """

    no_access_log: ClassVar[str] = (
        "Ceph logs the access to a single bucket from release 20 (Tentacle) on, older gateways refuse to, "
        "and none of that release could be tried"
    )
    no_public_objects: ClassVar[str | None] = None

    _aborts_uploads_after: ClassVar[int | None] = 7

    kind: Literal["ceph-rgw"] = "ceph-rgw"
    admin_credentials: str | None = None
    admin_endpoint: TextInput | None = None
    admin_path: str = "admin"
    tenant: str = ""

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        found = super().problems() + administrator_problems(self.admin_credentials, example="env:CEPH_ADMIN")
        if isinstance(self.admin_endpoint, str):
            try:
                valid_endpoint(self.admin_endpoint)
            except ValueError as error:
                found.append(Problem("admin_endpoint", str(error), "Leave it out where it is the endpoint's"))
        if not re.fullmatch(ADMIN_PATH, self.admin_path):
            remedy = "Write it like admin, without slashes: it is rgw_admin_entry in Ceph's configuration"
            found.append(Problem("admin_path", f'"{self.admin_path}" is no entry of the Admin Ops API', remedy))
        if not re.fullmatch(TENANT, self.tenant):
            remedy = "Use letters, digits and underscores, without the $ after it"
            found.append(Problem("tenant", f'"{self.tenant}" is no name of a tenant', remedy))
        return found

    def object_address(self) -> ObjectAddress:
        """The endpoint, and the tenant, which requests without a key have to name."""
        address = super().object_address()
        return replace(address, options={**address.options, "tenant": self.tenant})

    def key_problems(self, name: str) -> list[Problem]:
        """What Ceph would not take in a user's name."""
        if _NAME.fullmatch(name):
            return []
        remedy = "Use at most 64 letters, digits, dots, hyphens and underscores: it names a user of Ceph"
        return [Problem("name", f'"{name}" cannot be in the name of a user', remedy)]

    def _issuer(self) -> pulumi.Input[dict[str, Any]]:
        settings = {"kind": self.kind, "adminPath": self.admin_path, "tenant": self.tenant}
        if self.admin_credentials is not None:
            settings["adminCredentials"] = self.admin_credentials

        def whole(connection: dict[str, Any], admin_endpoint: str | None) -> dict[str, Any]:
            elsewhere = {} if admin_endpoint is None else {"adminEndpoint": admin_endpoint.rstrip("/")}
            return {**settings, "connection": connection, **elsewhere}

        return derive(whole, self.connection(), self.admin_endpoint)
