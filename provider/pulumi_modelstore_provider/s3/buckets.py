"""Creates buckets, or makes sure that they are there. Nothing here deletes a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.objects import Objects

_WITHOUT_CONSTRAINT = "us-east-1"
"""The one region that CreateBucket refuses to be named (S3 API reference)."""

_LOOKING = "Cannot look at the bucket"
_ABORT_RULE = "abort-stale-uploads"


def exists(objects: Objects) -> bool:
    """Tell whether the bucket is there. Raises StoreRefused when it is and the key may not see it."""
    try:
        with asking(_LOOKING, on=objects.url("")):
            answer = objects.client.head_bucket(Bucket=objects.bucket)
    except StoreRefused:
        return _is_listed(objects)
    return _speaks_s3(answer) or _is_listed(objects)


def _speaks_s3(answer: Mapping[str, Any]) -> bool:
    """Whether the store shows in the headers: any web server may answer 200 where nothing is expected in the body."""
    return any(name.startswith("x-amz") for name in answer["ResponseMetadata"].get("HTTPHeaders", {}))


def _is_listed(objects: Objects) -> bool:
    """The same by a listing: unlike HEAD's, its refusal has a reason, and what is no S3 cannot answer it."""
    try:
        with asking(_LOOKING, on=objects.url("")):
            objects.client.list_objects_v2(Bucket=objects.bucket, MaxKeys=1)
    except NotInStore:
        return False
    except StoreRefused as refusal:
        if refusal.code == "AccessDenied":
            raise StoreRefused(
                _LOOKING,
                on=objects.url(""),
                answer=refusal.answer,
                remedy="Check whose bucket it is, and that the key may list it",
                code=refusal.code,
                status=refusal.status,
            ) from None
        raise
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
            answer = objects.client.create_bucket(Bucket=objects.bucket, **placement)
        if not _speaks_s3(answer):
            _is_listed(objects)
    except StoreRefused as refusal:
        if refusal.code == "BucketAlreadyOwnedByYou":
            return
        if refusal.code == "BucketAlreadyExists":
            if _is_own(objects):
                return
            raise ModelstoreError(
                "The bucket cannot be created: the name is taken",
                on=objects.url(""),
                answer=refusal.answer,
                remedy="Choose another name, or use the bucket as it is with adopt=True if you may",
            ) from None
        raise


def _is_own(objects: Objects) -> bool:
    """Whether the account has the bucket: some stores say of that, too, only that it exists."""
    try:
        with asking("Cannot list the account's buckets", on=objects.url("")):
            answer = objects.client.list_buckets()
    except StoreRefused:
        return False
    return any(bucket["Name"] == objects.bucket for bucket in answer.get("Buckets", ()))


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


def log_access(objects: Objects, target: str | None, prefix: str) -> None:
    """Have the store write down each access to the bucket, as objects of the bucket `target`; None ends that."""
    wanted = {} if target is None else {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": prefix}}
    with asking("Cannot set the bucket's access log", on=objects.url("")):
        objects.client.put_bucket_logging(Bucket=objects.bucket, BucketLoggingStatus=wanted)
