"""Policies in the language of IAM, as AWS and the stores that imitate it take them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.keys.s3_statements import bucket_actions, object_actions, resources_of
from pulumi_modelstore_provider.s3.public_prefix import public_statement

# Inline policies of one user, without white space. Source: IAM and AWS STS quotas.
POLICY_BYTES = 2048


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
    arn, objects = resources_of(Scope(bucket, prefix), partition=partition)
    statements = [
        {"Sid": "Bucket", "Effect": "Allow", "Action": bucket_actions(read_only=read_only), "Resource": arn},
        {"Sid": "Objects", "Effect": "Allow", "Action": object_actions(read_only=read_only), "Resource": objects},
    ]
    return _document(statements)


def bucket_policy(bucket: str, public: Sequence[str], *, partition: str = "aws") -> str:
    """A bucket policy that denies every request without TLS, and lets anybody read the objects under each prefix."""
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return _document([statement, *(public_statement(bucket, prefix, partition=partition) for prefix in public)])


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
