"""A bucket on Ceph with somebody who owns it, and the package's resources for keys to it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from pulumi_modelstore_provider.keys.ceph_rgw import CephRgwKeys, Settings
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from pulumi_modelstore_provider.s3 import bucket_policy
from servers.ceph import CephServer


@dataclass(frozen=True)
class CephPlace:
    """One bucket; `env:OWNER` and `env:ADMIN` are set."""

    server: CephServer
    bucket: str

    def issuer(self, **settings: Any) -> dict[str, Any]:
        """The `issuer` input as the component declares it."""
        connection = {"endpoint": self.server.endpoint, "credentials": "env:OWNER"}
        return {"kind": "ceph-rgw", "connection": connection, "adminCredentials": "env:ADMIN", **settings}

    def keys(self, **settings: Any) -> CephRgwKeys:
        return Settings.model_validate(self.issuer(**settings)).open(None)

    def principal(self, name: str = "readers", **inputs: Any) -> dict[str, Any]:
        """Inputs of a principal."""
        return {
            "issuer": self.issuer(),
            "principalName": name,
            "bucket": self.bucket,
            "prefix": "",
            "readOnly": False,
            "namespace": "models",
            **inputs,
        }

    def made(self, name: str = "readers", **inputs: Any) -> str:
        """Make a principal through its resource."""
        made: str = PrincipalProvider().create(self.principal(name, **inputs)).id
        return made

    def key(self, principal: str, slot: str, generation: int, **inputs: Any) -> dict[str, Any]:
        """Issue a key through its resource; returns what the state would hold."""
        props = {"principal": principal, "slot": slot, "generation": generation, **self.principal()} | inputs
        return dict(StoreAccessKeyProvider().create(props).outs)

    def client(self, key: dict[str, Any]) -> Any:
        """A client with an issued key alone."""
        return self.server.client(key=(key["accessKeyId"], key["secretAccessKey"]))

    @cached_property
    def owner(self) -> Any:
        return self.server.client()

    def statements(self) -> list[dict[str, Any]]:
        """Statements of the bucket's policy; none where there is no policy."""
        try:
            text = self.owner.get_bucket_policy(Bucket=self.bucket)["Policy"]
        except self.owner.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            return []
        return list(json.loads(text)["Statement"])

    def set_policy(self, *statements: dict[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self.owner.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(document))


def ceph_place(server: CephServer, environment: pytest.MonkeyPatch) -> CephPlace:
    """A place whose credentials are in the environment; with one writer of its policy there is nothing to wait for."""
    for prefix, key in (("OWNER", server.owner), ("ADMIN", server.administrator)):
        environment.setenv(f"{prefix}_ACCESS_KEY_ID", key.access_key_id)
        environment.setenv(f"{prefix}_SECRET_ACCESS_KEY", key.secret_access_key)
    environment.setattr(bucket_policy, "SETTLED_SECONDS", 0.0)
    return new_place(server)


def new_place(server: CephServer) -> CephPlace:
    """A bucket with a name of its own."""
    bucket = f"ceph-{secrets.token_hex(6)}"
    server.client().create_bucket(Bucket=bucket)
    return CephPlace(server, bucket)
