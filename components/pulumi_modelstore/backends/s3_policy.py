"""Policies in the language of IAM, as AWS and the stores that imitate it take them."""

from __future__ import annotations

import json
from typing import Any

# Inline policies of one user, without white space. Source: IAM and AWS STS quotas.
POLICY_BYTES = 2048

_LIST = ["s3:ListBucket", "s3:GetBucketLocation"]
_LIST_TO_WRITE = [*_LIST, "s3:ListBucketMultipartUploads"]
_READ = ["s3:GetObject"]
_WRITE = [*_READ, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def partition_of(region: str) -> str:
    """The partition that a region's ARNs begin with."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def key_policy(bucket: str, prefix: str, *, read_only: bool, partition: str = "aws") -> str:
    """What a key may do: list the bucket and read (and write) the objects under the prefix, nothing else.

    Listing is not narrowed to the prefix: KServe's storage initializer begins with HeadBucket, which a condition on
    `s3:prefix` denies. The names of other objects in the bucket can be seen, their contents cannot.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    objects = f"{arn}/{prefix.strip('/')}/*" if prefix.strip("/") else f"{arn}/*"
    statements = [
        {"Sid": "Bucket", "Effect": "Allow", "Action": _LIST if read_only else _LIST_TO_WRITE, "Resource": arn},
        {"Sid": "Objects", "Effect": "Allow", "Action": _READ if read_only else _WRITE, "Resource": objects},
    ]
    return _document(statements)


def tls_only_policy(bucket: str, *, partition: str = "aws") -> str:
    """A bucket policy that denies every request which does not come over TLS."""
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return _document([statement])


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
