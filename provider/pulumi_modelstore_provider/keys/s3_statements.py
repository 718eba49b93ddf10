"""What a key may do, as statements of IAM's policy language, for stores whose identity policies are written in it."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore_provider.keys.protocol import Scope, Slot

_LIST = ["s3:ListBucket", "s3:GetBucketLocation"]
_LIST_TO_WRITE = [*_LIST, "s3:ListBucketMultipartUploads"]
_READ = ["s3:GetObject"]
_WRITE = [*_READ, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
_LETTERS: dict[Slot, str] = {"even": "E", "odd": "O", "key": "S"}


def statements(scope: Scope, *, sid: str) -> list[dict[str, Any]]:
    """Return the statements: list the bucket, read (and write) the objects under the prefix, nothing else.

    Listing is not narrowed to the prefix: KServe's storage initializer begins with HeadBucket, which a condition on
    `s3:prefix` denies. `sid` is the id of the first statement, letters and digits only.
    """
    bucket = f"arn:aws:s3:::{scope.bucket}"
    prefix = scope.prefix.strip("/")
    return [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Action": _LIST if scope.read_only else _LIST_TO_WRITE,
            "Resource": [bucket],
        },
        {
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": _READ if scope.read_only else _WRITE,
            "Resource": [f"{bucket}/{prefix}/*" if prefix else f"{bucket}/*"],
        },
    ]


def place_of(slot: Slot, generation: int) -> str:
    """Return slot and generation as one word, such as `E4`: fit for a statement's id."""
    return f"{_LETTERS[slot]}{generation}"
