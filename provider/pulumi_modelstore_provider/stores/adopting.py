"""Takes a bucket that is there already."""

from __future__ import annotations

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.stores.protocol import ObjectStore


def require_bucket(store: ObjectStore) -> None:
    """Raise ModelstoreError unless the bucket is there and the key may see it."""
    if not store.bucket_exists():
        raise ModelstoreError(
            "The bucket to adopt does not exist",
            on=store.url(""),
            remedy="Check its name and the endpoint, or let the namespace create it with adopt=False",
        )
