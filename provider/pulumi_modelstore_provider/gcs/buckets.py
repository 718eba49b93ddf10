"""Creates buckets, or makes sure that they are there. Nothing here deletes a bucket."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused, WriteConflict
from pulumi_modelstore_provider.gcs.composing import PLACE
from pulumi_modelstore_provider.gcs.failures import asking
from pulumi_modelstore_provider.gcs.objects import Objects

_ABORT = "AbortIncompleteMultipartUpload"


def exists(objects: Objects) -> bool:
    """Tell whether the bucket is there. Raises StoreRefused when it is and the account may not see it."""
    with asking("Cannot look at the bucket", on=objects.url("")):
        return bool(objects.handle.exists(retry=None))


def create(objects: Objects, *, project: str | None, location: str | None) -> None:
    """Create the bucket, closed to the public; one that the project has already is left as it is.

    Raises ModelstoreError when the name belongs to somebody else, or no project is known.
    """
    project = project or objects.client.project
    if not project:
        raise ModelstoreError(
            "The bucket cannot be created: the project is not known",
            on=objects.url(""),
            remedy="Give the backend its project",
        )
    bucket = objects.client.bucket(objects.bucket)
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    try:
        with asking("Cannot create the bucket", on=objects.url("")):
            bucket.create(project=project, location=location, retry=None)
    except WriteConflict as conflict:
        if _is_of(objects, project):
            return
        raise ModelstoreError(
            "The bucket cannot be created: the name is taken",
            on=objects.url(""),
            answer=conflict.answer,
            remedy="Choose another name, or use the bucket as it is with adopt=True if you may",
        ) from None


def _is_of(objects: Objects, project: str) -> bool:
    try:
        with asking("Cannot list the project's buckets", on=project):
            found = objects.client.list_buckets(
                project=project, prefix=objects.bucket, fields="items(name),nextPageToken", retry=None
            )
            return any(bucket.name == objects.bucket for bucket in found)
    except StoreRefused:
        return False


def abort_uploads_after(objects: Objects, days: int) -> None:
    """Have the store throw away what belongs to uploads that were not completed within `days`; other rules are kept."""
    bucket = objects.client.bucket(objects.bucket)
    with asking("Cannot set the bucket's lifecycle", on=objects.url("")):
        bucket.reload(retry=None)
        rules = [dict(rule) for rule in bucket.lifecycle_rules]
        bucket.lifecycle_rules = [*(rule for rule in rules if not _is_own(rule)), *stale_upload_rules(days)]
        bucket.patch(retry=None)


def log_access(objects: Objects, target: str | None, prefix: str) -> None:
    """Have the store write down each access to the bucket, as objects of the bucket `target`; None ends that."""
    bucket = objects.client.bucket(objects.bucket)
    if target is None:
        bucket.disable_logging()
    else:
        bucket.enable_logging(target, prefix)
    with asking("Cannot set the bucket's access log", on=objects.url("")):
        bucket.patch(retry=None)


def stale_upload_rules(days: int) -> list[dict[str, Any]]:
    """Return the lifecycle rules by which unfinished uploads go, in the JSON API's form."""
    return [
        {"action": {"type": _ABORT}, "condition": {"age": days}},
        {"action": {"type": "Delete"}, "condition": {"age": days, "matchesPrefix": [PLACE]}},
    ]


def _is_own(rule: dict[str, Any]) -> bool:
    action, condition = rule.get("action", {}).get("type"), rule.get("condition", {})
    if action == _ABORT:
        return set(condition) == {"age"}
    return bool(action == "Delete" and condition.get("matchesPrefix") == [PLACE])
