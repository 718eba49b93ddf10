"""What a key may do, in IAM's policy language, for stores whose policies are written in it."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore_provider.keys.protocol import Scope, Slot

_LIST = ["s3:ListBucket", "s3:GetBucketLocation"]
_LIST_TO_WRITE = [*_LIST, "s3:ListBucketMultipartUploads"]
_READ = ["s3:GetObject"]
_WRITE = [*_READ, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
_LETTERS: dict[Slot, str] = {"even": "E", "odd": "O", "key": "S"}


def bucket_actions(*, read_only: bool) -> list[str]:
    """Return what may be done with a bucket itself."""
    return [*(_LIST if read_only else _LIST_TO_WRITE)]


def object_actions(*, read_only: bool) -> list[str]:
    """Return what may be done with objects."""
    return [*(_READ if read_only else _WRITE)]


def resources_of(scope: Scope, *, partition: str = "aws") -> tuple[str, str]:
    """Return the bucket and the objects in the scope, as policies name them."""
    bucket = f"arn:{partition}:s3:::{scope.bucket}"
    prefix = scope.prefix.strip("/")
    return bucket, f"{bucket}/{prefix}/*" if prefix else f"{bucket}/*"


def statements(scope: Scope) -> list[dict[str, Any]]:
    """Return the statements: list the bucket, read (and write) the objects under the prefix, nothing else.

    Listing is not narrowed to the prefix: KServe's storage initializer begins with HeadBucket, which a condition on
    `s3:prefix` denies. The names of other objects in the bucket can be seen, their contents cannot.
    """
    bucket, objects = resources_of(scope)
    return [
        {"Effect": "Allow", "Action": bucket_actions(read_only=scope.read_only), "Resource": [bucket]},
        {"Effect": "Allow", "Action": object_actions(read_only=scope.read_only), "Resource": [objects]},
    ]


def marked_statements(scope: Scope, *, sid: str) -> list[dict[str, Any]]:
    """Return the same with ids; `sid` is that of the first, letters and digits only."""
    return [{"Sid": name, **statement} for name, statement in zip((sid, "Objects"), statements(scope), strict=True)]


def place_of(slot: Slot, generation: int) -> str:
    """Return slot and generation as one word, such as `E4`: fit for a statement's id."""
    return f"{_LETTERS[slot]}{generation}"
