"""Objects of one bucket, many at once: listed and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.s3.direct_lists import ListedPage
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.pages import next_page
from pulumi_modelstore_provider.stores.protocol import ListedObject

if TYPE_CHECKING:
    from pulumi_modelstore_provider.s3.objects import Objects

_DELETES_A_REQUEST = 1000
"""Keys that one DeleteObjects takes (S3 API reference)."""


def listed(objects: Objects, prefix: str) -> Iterator[ListedObject]:
    """List all objects under a prefix, in the order of their keys."""
    marker: Mapping[str, Any] = {}
    while True:
        directly = objects.lister.page(prefix, marker["ContinuationToken"]) if marker else None
        page = directly or _page(objects, prefix, marker)
        yield from page.objects
        if page.following is None:
            return
        marker = next_page({"ContinuationToken": page.following}, marker, on=objects.url(prefix))


def _page(objects: Objects, prefix: str, marker: Mapping[str, Any]) -> ListedPage:
    """Ask the SDK for the page that begins at `marker`."""
    with asking("Cannot list the objects", on=objects.url(prefix)):
        answer = objects.client.list_objects_v2(Bucket=objects.bucket, Prefix=prefix, **marker)
    found = [
        ListedObject(item["Key"], int(item["Size"]), item["ETag"].strip('"'), item.get("LastModified"))
        for item in answer.get("Contents", ())
    ]
    return ListedPage(found, (answer.get("NextContinuationToken") or "") if answer.get("IsTruncated") else None)


def delete(objects: Objects, keys: Sequence[str]) -> None:
    """Delete objects; those that are not there are no error."""
    for start in range(0, len(keys), _DELETES_A_REQUEST):
        batch = [{"Key": key} for key in keys[start : start + _DELETES_A_REQUEST]]
        with asking("Cannot delete the objects", on=objects.url(keys[start])):
            answer = objects.client.delete_objects(Bucket=objects.bucket, Delete={"Objects": batch, "Quiet": True})
        failed = answer.get("Errors", [])
        if failed:
            first = failed[0]
            raise ModelstoreError(
                f"{len(failed)} of {len(batch)} objects could not be deleted",
                on=objects.url(first.get("Key", "")),
                answer=f"{first.get('Code', '')}: {first.get('Message', '')}",
                remedy="Check that the key may delete objects here, then run again",
            )
