"""A part of a bucket that anybody may read by URL: a statement of the bucket's policy, beside what else is in it."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any

from pulumi_modelstore_provider.errors import StoreRefused, WriteConflict
from pulumi_modelstore_provider.s3.failures import asking

_ATTEMPTS = 5

_lock = threading.Lock()
"""A policy is written whole: of two at once in this process one would undo the other."""


def statement(bucket: str, prefix: str) -> dict[str, Any]:
    """The statement that lets anybody read the objects under a prefix, and neither list nor write any."""
    return {
        "Sid": f"ModelstorePublic{hashlib.sha256(prefix.encode()).hexdigest()[:16]}",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/{prefix.strip('/')}/*"],
    }


def publish(client: Any, bucket: str, prefix: str) -> None:
    """Let anybody read what is under the prefix; other statements stay as they are."""
    wanted = statement(bucket, prefix)
    _change(client, bucket, wanted["Sid"], wanted)


def withdraw(client: Any, bucket: str, prefix: str) -> None:
    """Take the statement back; that it, the policy or the bucket is gone does no harm."""
    _change(client, bucket, statement(bucket, prefix)["Sid"], None)


def is_public(client: Any, bucket: str, prefix: str) -> bool:
    """Whether the statement is there, also written in the store's own way."""
    wanted = statement(bucket, prefix)
    found = next((one for one in _statements(client, bucket) if one.get("Sid") == wanted["Sid"]), None)
    return found is not None and found.get("Effect") == "Allow" and _listed(found, "Resource") == wanted["Resource"]


def _change(client: Any, bucket: str, sid: str, wanted: dict[str, Any] | None) -> None:
    with _lock:
        for _ in range(_ATTEMPTS):
            found = _statements(client, bucket)
            others = [one for one in found if one.get("Sid") != sid]
            if wanted is None and len(others) == len(found):
                return
            _write(client, bucket, [*others, wanted] if wanted else others)
            # Somebody elsewhere may have written the policy in between.
            there = any(one.get("Sid") == sid for one in _statements(client, bucket))
            if there == (wanted is not None):
                return
    raise WriteConflict(
        "The bucket's policy is written by somebody else at the same time",
        on=bucket,
        remedy="Run again when nothing else changes it",
    )


def _write(client: Any, bucket: str, statements: list[dict[str, Any]]) -> None:
    with asking("The bucket's policy could not be written", on=bucket):
        if not statements:
            client.delete_bucket_policy(Bucket=bucket)
            return
        document = {"Version": "2012-10-17", "Statement": statements}
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document, separators=(",", ":")))


def _statements(client: Any, bucket: str) -> list[dict[str, Any]]:
    try:
        with asking("The bucket's policy could not be read", on=bucket):
            document = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    except StoreRefused as refused:
        if refused.code in ("NoSuchBucketPolicy", "NoSuchBucket"):
            return []
        raise
    except ValueError:
        return []
    return [one for one in document.get("Statement", []) if isinstance(one, dict)]


def _listed(found: dict[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else [value]
