"""A bucket of an S3-compatible store. No call here deletes a bucket or an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import BaseModel, ConfigDict, Field

from pulumi_modelstore_provider.resources.adapter import (
    Adapter,
    Inputs,
    address_differs,
    bucket_of,
    checked,
    connection_differs,
    differs,
    plainly,
)
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.fields import BucketName
from pulumi_modelstore_provider.stores.adopting import require_bucket
from pulumi_modelstore_provider.stores.connection import Connection


class AccessLogTarget(BaseModel):
    """Where a bucket's access log goes: another bucket, and what its objects' names begin with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: BucketName
    prefix: str = ""


class BucketInputs(Inputs):
    """What a bucket needs to know."""

    connection: Connection
    bucket: BucketName
    adopt: bool = False
    abort_uploads_after_days: int | None = Field(default=None, ge=1)
    access_log: AccessLogTarget | None = None


class BucketProvider(Adapter):
    """Creates a bucket once, or makes sure that it is there."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection."""
        return checked(news, BucketInputs)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare where the bucket is, and how it is reached."""
        replaces = differs(_olds, _news, "bucket")
        if address_differs(_olds, _news):
            replaces.append("connection")
        settings = differs(_olds, _news, "adopt", "abortUploadsAfterDays", "accessLog")
        changes = bool(replaces) or bool(settings) or connection_differs(_olds, _news)
        return DiffResult(changes=changes, replaces=replaces)

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the bucket, or adopt it: adopting changes nothing in it."""
        inputs = BucketInputs.model_validate(props)
        _ensure(inputs)
        return CreateResult(inputs.bucket, inputs.recorded())

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Try the bucket with the new settings; an access log that was asked for before and is not any more ends."""
        inputs = BucketInputs.model_validate(_news)
        _ensure(inputs)
        if _olds.get("accessLog") and inputs.access_log is None and not inputs.adopt:
            bucket_of(inputs.connection, inputs.bucket).log_access(None)
        return UpdateResult(inputs.recorded())

    @plainly
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look whether the bucket is there."""
        inputs = BucketInputs.model_validate(props)
        if not bucket_of(inputs.connection, inputs.bucket).bucket_exists():
            return ReadResult("", {})
        return ReadResult(id_, inputs.recorded())

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Leave the bucket and all that is in it: artifacts outlive the stack."""


class Bucket(DeclaredResource, module="modelstore", name="Bucket"):
    """A bucket that outlives the stack."""

    bucket: pulumi.Output[str]
    """The bucket's name."""

    def __init__(
        self,
        name: str,
        *,
        connection: pulumi.Input[Mapping[str, Any]],
        bucket: pulumi.Input[str],
        adopt: bool = False,
        abort_uploads_after_days: int | None = None,
        access_log: Mapping[str, pulumi.Input[str]] | None = None,
        namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the bucket; with `adopt` it has to be there and nothing is changed in it.

        `abort_uploads_after_days` has the store throw away uploads that were not completed by then; `access_log` names
        the `bucket` (and `prefix`) that takes the log of all accesses; `namespace` is for messages.
        """
        props: dict[str, Any] = {"connection": connection, "bucket": bucket, "adopt": adopt, "namespace": namespace}
        if abort_uploads_after_days is not None:
            props["abortUploadsAfterDays"] = abort_uploads_after_days
        if access_log is not None:
            props["accessLog"] = access_log
        super().__init__(BucketProvider(), name, props, opts)


def _ensure(inputs: BucketInputs) -> None:
    objects = bucket_of(inputs.connection, inputs.bucket)
    if inputs.adopt:
        require_bucket(objects)
        return
    objects.create_bucket()
    if inputs.abort_uploads_after_days is not None:
        objects.abort_uploads_after(inputs.abort_uploads_after_days)
    if inputs.access_log is not None:
        objects.log_access(inputs.access_log.bucket, inputs.access_log.prefix)
