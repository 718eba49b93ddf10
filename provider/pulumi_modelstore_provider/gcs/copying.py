"""Copies of objects within Cloud Storage, which rewrites large ones in several requests."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_modelstore_provider.gcs.failures import asking
from pulumi_modelstore_provider.gcs.objects import Objects
from pulumi_modelstore_provider.stores.protocol import ListedObject


def copy_object(
    objects: Objects,
    bucket: str,
    source: ListedObject,
    key: str,
    *,
    content_type: str,
    metadata: Mapping[str, str],
    if_absent: bool,
) -> None:
    """Copy `source` of `bucket`, in the generation that it was listed with, to `key`."""
    origin = objects.client.bucket(bucket).blob(source.key)
    copy = objects.handle.blob(key)
    copy.content_type, copy.metadata = content_type, dict(metadata)
    token: str | None = None
    while True:
        with asking("Cannot copy the object", on=objects.url(key)):
            token, _, _ = copy.rewrite(
                origin,
                token=token,
                if_generation_match=0 if if_absent else None,
                if_source_generation_match=int(source.etag),
                retry=None,
            )
        if token is None:
            return
