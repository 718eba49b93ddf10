"""A part of a bucket that anybody may read by URL: a statement of the bucket's policy."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_modelstore_provider.s3.bucket_policy import BucketPolicy


def public_statement(bucket: str, prefix: str, *, partition: str = "aws") -> dict[str, Any]:
    """Return what lets anybody read the objects under a prefix, and neither list nor write any."""
    return {
        "Sid": f"ModelstorePublic{hashlib.sha256(prefix.encode()).hexdigest()[:16]}",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:{partition}:s3:::{bucket}/{prefix.strip('/')}/*"],
    }


def publish(policy: BucketPolicy, bucket: str, prefix: str) -> None:
    """Let anybody read what is under the prefix; other statements stay as they are."""
    wanted = public_statement(bucket, prefix)
    policy.settle(wanted["Sid"], [wanted], of=prefix)


def withdraw(policy: BucketPolicy, bucket: str, prefix: str) -> None:
    """Take the statement back; that it, the policy or the bucket is gone does no harm."""
    policy.remove(public_statement(bucket, prefix)["Sid"], of=prefix)


def is_public(policy: BucketPolicy, bucket: str, prefix: str) -> bool:
    """Tell whether the statement is there, also in the store's own spelling."""
    wanted = public_statement(bucket, prefix)
    return policy.holds(wanted["Sid"], [wanted])
