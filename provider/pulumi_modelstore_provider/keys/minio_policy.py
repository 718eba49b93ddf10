"""The policy of a principal on MinIO: one bucket or prefix, and no say over keys."""

from __future__ import annotations

import json
from typing import Any

from pulumi_modelstore_provider.keys.protocol import Scope

POLICY_BYTES = 4096
"""The longest policy that MinIO takes with a key (maxSVCSessionPolicySize in its source), kept to for users too."""

_LIST = ["s3:GetBucketLocation", "s3:ListBucket"]
_LIST_TO_WRITE = [*_LIST, "s3:ListBucketMultipartUploads"]
_READ = ["s3:GetObject"]
_WRITE = ["s3:AbortMultipartUpload", "s3:DeleteObject", *_READ, "s3:ListMultipartUploadParts", "s3:PutObject"]
_OWN_KEYS = ["admin:CreateServiceAccount", "admin:RemoveServiceAccount", "admin:UpdateServiceAccount"]
"""What every user of MinIO may do for itself unless it is denied."""


def policy_of(scope: Scope) -> dict[str, Any]:
    """Return the policy document.

    Listing is not narrowed to the prefix: KServe's storage initializer begins with HeadBucket, which a condition on
    `s3:prefix` denies. Without the denial a key could issue further ones, past the limit of two.
    """
    bucket = f"arn:aws:s3:::{scope.bucket}"
    prefix = scope.prefix.strip("/")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": _LIST if scope.read_only else _LIST_TO_WRITE, "Resource": [bucket]},
            {
                "Effect": "Allow",
                "Action": _READ if scope.read_only else _WRITE,
                "Resource": [f"{bucket}/{prefix}/*" if prefix else f"{bucket}/*"],
            },
            {"Effect": "Deny", "Action": _OWN_KEYS},
        ],
    }


def bytes_of(policy: dict[str, Any]) -> int:
    """Return the length of the document as it is sent."""
    return len(json.dumps(policy).encode())
