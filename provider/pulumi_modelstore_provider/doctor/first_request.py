"""The first request of KServe's storage initializer on S3: HeadBucket, whose refusal ends a pod."""

from __future__ import annotations

from pulumi_modelstore_provider.errors import NotInStore, StoreRefused
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.stores.protocol import ObjectStore


class HeadRefused(StoreRefused):
    """HeadBucket is refused although the bucket is there and may be listed."""


def look(store: ObjectStore) -> None:
    """Look at the bucket as KServe does.

    Raises NotInStore where it is not there, StoreRefused with the reason where it may not be seen, and HeadRefused
    where that holds for HeadBucket alone.
    """
    from pulumi_modelstore_provider.s3.objects import Objects

    refused: StoreRefused | None = None
    if isinstance(store, Objects):
        try:
            with asking("HeadBucket is refused", on=store.url("")):
                store.client.head_bucket(Bucket=store.bucket)
        except StoreRefused as refusal:
            refused = refusal
    # A refusal of HEAD has no reason in it: this asks again so that there is one.
    if not store.bucket_exists():
        raise NotInStore(
            "The bucket does not exist",
            on=store.url(""),
            answer="no such bucket",
            remedy="Check its name and the endpoint, or deploy the stack, which creates it unless it is to be adopted",
        )
    if refused is not None:
        raise HeadRefused(
            "KServe's first request is refused",
            on=refused.on,
            answer=f"HeadBucket refused (HTTP {refused.status}), a listing answered",
            remedy="KServe begins with HeadBucket, so pods would end there: let the key list the whole bucket, without "
            'a condition on the prefix; on Cloudflare R2 with key_scope="account"',
            code=refused.code,
            status=refused.status,
        )
