"""Creates buckets, or makes sure that they are there. Nothing here deletes a bucket."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.objects import Objects

_WITHOUT_CONSTRAINT = "us-east-1"
"""The one region that CreateBucket refuses to be named (S3 API reference)."""


def exists(objects: Objects) -> bool:
    """Tell whether the bucket is there. Raises StoreRefused when it is and the key may not see it."""
    try:
        with asking("Cannot look at the bucket", on=objects.url("")):
            objects.client.head_bucket(Bucket=objects.bucket)
    except NotInStore:
        return False
    return True


def require(objects: Objects) -> None:
    """Raise ModelstoreError unless the bucket is there and the key may see it."""
    if not exists(objects):
        raise ModelstoreError(
            "The bucket to adopt does not exist",
            on=objects.url(""),
            remedy="Check its name and the endpoint, or let the namespace create it with adopt=False",
        )


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
