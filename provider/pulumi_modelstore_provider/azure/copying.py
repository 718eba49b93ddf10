"""Copies of blobs within one storage account, which the service makes in the background where they are large."""

from __future__ import annotations

import time
from typing import Any

from pulumi_modelstore_provider.azure.failures import asking
from pulumi_modelstore_provider.azure.objects import Blobs
from pulumi_modelstore_provider.errors import StoreRefused
from pulumi_modelstore_provider.stores.copying import Copied
from pulumi_modelstore_provider.stores.protocol import ListedObject

_LOOK_EVERY_SECONDS = 1.0
_PENDING = "pending"
_DONE = "success"


def copy_object(blobs: Blobs, origin: Blobs, source: ListedObject, copy: Copied) -> None:
    """Copy `source` of the container `origin` to its place, and wait for the end of it."""
    from azure.core import MatchConditions
    from azure.storage.blob import ContentSettings

    blob = blobs.container.get_blob_client(copy.key)
    condition: dict[str, Any] = {"match_condition": MatchConditions.IfMissing} if copy.if_absent else {}
    with asking("Cannot copy the object", on=blobs.url(copy.key)):
        blob.start_copy_from_url(
            origin.container.get_blob_client(source.key).url,
            metadata=dict(copy.metadata),
            source_etag=source.etag,
            source_match_condition=MatchConditions.IfNotModified,
            **condition,
        )
        while (found := blob.get_blob_properties()).copy.status == _PENDING:
            time.sleep(_LOOK_EVERY_SECONDS)
    if found.copy.status != _DONE:
        raise StoreRefused(
            "Cannot copy the object",
            on=blobs.url(copy.key),
            answer=f"{found.copy.status}: {found.copy.status_description}",
            remedy="Run again",
        )
    settings = found.content_settings
    if settings.content_type != copy.content_type:
        kept = ContentSettings(content_type=copy.content_type, content_md5=settings.content_md5)
        with asking("Cannot set the content type of the object", on=blobs.url(copy.key)):
            blob.set_http_headers(kept)
