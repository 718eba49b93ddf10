"""Copies of objects within Cloud Storage, which rewrites large ones in several requests."""

from __future__ import annotations

from pulumi_modelstore_provider.gcs.failures import asking
from pulumi_modelstore_provider.gcs.objects import Objects
from pulumi_modelstore_provider.stores.copying import Copied
from pulumi_modelstore_provider.stores.protocol import ListedObject


def copy_object(objects: Objects, bucket: str, source: ListedObject, copy: Copied) -> None:
    """Copy `source` of `bucket`, in the generation that it was listed with, to its place."""
    origin = objects.client.bucket(bucket).blob(source.key)
    target = objects.handle.blob(copy.key)
    target.content_type, target.metadata = copy.content_type, dict(copy.metadata)
    token: str | None = None
    while True:
        with asking("Cannot copy the object", on=objects.url(copy.key)):
            token, _, _ = target.rewrite(
                origin,
                token=token,
                if_generation_match=0 if copy.if_absent else None,
                if_source_generation_match=int(source.etag),
                retry=None,
            )
        if token is None:
            return
