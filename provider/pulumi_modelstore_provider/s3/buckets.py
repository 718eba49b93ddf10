"""Creates buckets, or makes sure that they are there. Nothing here deletes a bucket."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.objects import Objects

_WITHOUT_CONSTRAINT = "us-east-1"
"""The one region that CreateBucket refuses to be named (S3 API reference)."""

_ABORT_RULE = "abort-stale-uploads"


def exists(objects: Objects) -> bool:
    """Tell whether the bucket is there. Raises StoreRefused when it is and the key may not see it."""
    try:
        with asking("Cannot look at the bucket", on=objects.url("")):
            objects.client.head_bucket(Bucket=objects.bucket)
    except NotInStore:
        return False
    return True


def create(objects: Objects, *, region: str) -> None:
    """Create the bucket; one that this account has already is left as it is.

    Raises ModelstoreError when the name belongs to somebody else.
    """
    placement: dict[str, Any] = {}
    if region != _WITHOUT_CONSTRAINT:
        placement = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        with asking("Cannot create the bucket", on=objects.url("")):
            objects.client.create_bucket(Bucket=objects.bucket, **placement)
    except StoreRefused as refusal:
        if refusal.code == "BucketAlreadyOwnedByYou":
            return
        if refusal.code == "BucketAlreadyExists":
            raise ModelstoreError(
                "The bucket cannot be created: the name is taken",
                on=objects.url(""),
                answer=refusal.answer,
                remedy="Choose another name, or use the bucket as it is with adopt=True if you may",
            ) from None
        raise


def abort_uploads_after(objects: Objects, days: int) -> None:
    """Set the rule by which the store aborts uploads that were not completed within `days`; other rules are kept."""
    wanted = {
        "ID": _ABORT_RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
    }
    rules = [rule for rule in _lifecycle(objects) if rule.get("ID") != _ABORT_RULE]
    with asking("Cannot set the bucket's lifecycle", on=objects.url("")):
        objects.client.put_bucket_lifecycle_configuration(
            Bucket=objects.bucket, LifecycleConfiguration={"Rules": [*rules, wanted]}
        )


def _lifecycle(objects: Objects) -> list[dict[str, Any]]:
    try:
        with asking("Cannot look at the bucket's lifecycle", on=objects.url("")):
            answer = objects.client.get_bucket_lifecycle_configuration(Bucket=objects.bucket)
    except StoreRefused as refusal:
        if refusal.code == "NoSuchLifecycleConfiguration":
            return []
        raise
    rules: list[dict[str, Any]] = answer.get("Rules", [])
    return rules
