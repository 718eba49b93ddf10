"""An access key that works: what depends on it receives the key only after the store has accepted it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.resources.adapter import (
    Adapter,
    Inputs,
    checked,
    connection_differs,
    differs,
    plainly,
)
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.fields import BucketName
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.stores.key_trial import await_key


class AccessKeyReadyInputs(Inputs):
    """What a trial of a key needs to know. The connection's own credentials are not used."""

    connection: Connection
    bucket: BucketName
    prefix: str = ""
    access_key_id: str = Field(min_length=1)
    secret_access_key: str = Field(min_length=1, repr=False)


class AccessKeyReadyProvider(Adapter):
    """Tries the key when it is new, and only then."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection."""
        return checked(news, AccessKeyReadyInputs)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the key and where it is tried."""
        names = ("bucket", "prefix", "accessKeyId", "secretAccessKey")
        return DiffResult(changes=bool(differs(_olds, _news, *names)) or connection_differs(_olds, _news), replaces=[])

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait until the key works."""
        inputs = AccessKeyReadyInputs.model_validate(props)
        return CreateResult(f"{inputs.bucket}/{inputs.prefix}", _tried(inputs))

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Wait until the new key works."""
        return UpdateResult(_tried(AccessKeyReadyInputs.model_validate(_news)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what is known: whether a key exists is its issuer's to tell."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: a trial leaves nothing behind."""


class AccessKeyReady(DeclaredResource, module="modelstore", name="AccessKeyReady"):
    """A key that has been seen to work."""

    def __init__(
        self,
        name: str,
        *,
        connection: pulumi.Input[Mapping[str, Any]],
        bucket: pulumi.Input[str],
        prefix: pulumi.Input[str],
        access_key_id: pulumi.Input[str],
        secret_access_key: pulumi.Input[str],
        namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the trial: one object is listed under `prefix` of `bucket` with the key.

        `namespace` is for messages.
        """
        props = {
            "connection": connection,
            "bucket": bucket,
            "prefix": prefix,
            "accessKeyId": access_key_id,
            "secretAccessKey": pulumi.Output.secret(secret_access_key),
            "namespace": namespace,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["secretAccessKey"])
        super().__init__(AccessKeyReadyProvider(), name, props, pulumi.ResourceOptions.merge(opts, secret))

    @property
    def access_key_id(self) -> pulumi.Output[str]:
        """The key's id, known once the key works."""
        return self.output("accessKeyId")

    @property
    def secret_access_key(self) -> pulumi.Output[str]:
        """The key's secret part; a secret."""
        return self.output("secretAccessKey")


def _tried(inputs: AccessKeyReadyInputs) -> dict[str, Any]:
    key = Credentials(inputs.access_key_id, inputs.secret_access_key)
    await_key(inputs.connection, inputs.bucket, inputs.prefix, key)
    return inputs.recorded()
