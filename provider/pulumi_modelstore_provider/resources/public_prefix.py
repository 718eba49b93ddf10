"""A part of a bucket that anybody may read by URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider.resources.adapter import (
    Adapter,
    Inputs,
    address_differs,
    checked,
    connection_differs,
    differs,
    plainly,
    stack_configuration,
)
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.fields import BucketName
from pulumi_modelstore_provider.s3.connection import S3Connection

if TYPE_CHECKING:
    from pulumi_modelstore_provider.s3.bucket_policy import BucketPolicy


class PublicPrefixInputs(Inputs):
    """Which part of which bucket: not all of it, and no pattern, which policies would read in `*`, `?` and `$`."""

    connection: S3Connection
    bucket: BucketName
    prefix: str = Field(pattern=r"^[^*?$/][^*?$]*$")

    def policy(self) -> BucketPolicy:
        """The bucket's policy, reached with the credentials that the connection refers to."""
        from pulumi_modelstore_provider.s3.bucket_policy import open_policy

        return open_policy(self.connection, self.bucket, config=stack_configuration())


class PublicPrefixProvider(Adapter):
    """Adds one statement to the bucket's policy and takes it back."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection."""
        return checked(news, PublicPrefixInputs)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare which part is public, and how the store is reached."""
        replaces = differs(_olds, _news, "bucket", "prefix")
        if address_differs(_olds, _news):
            replaces.append("connection")
        return DiffResult(changes=bool(replaces) or connection_differs(_olds, _news), replaces=replaces)

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Let anybody read it."""
        from pulumi_modelstore_provider.s3.public_prefix import publish

        inputs = PublicPrefixInputs.model_validate(props)
        publish(inputs.policy(), inputs.bucket, inputs.prefix)
        return CreateResult(f"{inputs.bucket}/{inputs.prefix}", inputs.recorded())

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Take over how the store is reached."""
        return UpdateResult(self.create(_news).outs)

    @plainly
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look whether it is still public."""
        from pulumi_modelstore_provider.s3.public_prefix import is_public

        inputs = PublicPrefixInputs.model_validate(props)
        if not is_public(inputs.policy(), inputs.bucket, inputs.prefix):
            return ReadResult("", {})
        return ReadResult(id_, inputs.recorded())

    @plainly
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Close it; the objects stay."""
        from pulumi_modelstore_provider.s3.public_prefix import withdraw

        inputs = PublicPrefixInputs.model_validate(_props)
        withdraw(inputs.policy(), inputs.bucket, inputs.prefix)


class PublicPrefix(DeclaredResource, module="modelstore", name="PublicPrefix"):
    """Objects under a prefix that are read without credentials."""

    def __init__(
        self,
        name: str,
        *,
        connection: pulumi.Input[Mapping[str, Any]],
        bucket: pulumi.Input[str],
        prefix: str,
        namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the prefix public; `namespace` is for messages."""
        props = {"connection": connection, "bucket": bucket, "prefix": prefix, "namespace": namespace}
        super().__init__(PublicPrefixProvider(), name, props, opts)
