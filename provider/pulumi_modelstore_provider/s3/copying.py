"""Copies of objects within one S3 store, in one request or, where they are large, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pulumi_modelstore_provider.artifacts.parts import MIB, MOST_PARTS, Part, PartPlan
from pulumi_modelstore_provider.crc32 import crc32_value
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused
from pulumi_modelstore_provider.s3 import multipart
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.objects import NOT_UNDERSTOOD, Objects
from pulumi_modelstore_provider.stores.copying import Copied
from pulumi_modelstore_provider.stores.protocol import ListedObject, OpenUpload, StoredPart

_AT_ONCE = 256 * MIB
"""Bytes that one request copies: S3 takes 5 GiB, but a store that is silent until it is done would be given up."""

_REQUESTS = 4


def copy_object(objects: Objects, bucket: str, source: ListedObject, copy: Copied) -> None:
    """Copy `source` of `bucket`. Raises as `CopyingStore.copy_from` says, and leaves no open upload then."""
    etag = f'"{source.etag}"' if objects.quotes_etags else source.etag
    origin = {"CopySource": {"Bucket": bucket, "Key": source.key}, "CopySourceIfMatch": etag}
    if source.size <= _AT_ONCE:
        _copy_at_once(objects, origin, copy)
        return
    try:
        _copy_in_parts(objects, origin, source.size, copy)
    except StoreRefused as refusal:
        if refusal.code not in NOT_UNDERSTOOD:
            raise
        # MinIO computes no checksum of a part that it copies, and refuses it for the lack of one.
        _copy_in_parts(objects, origin, source.size, copy, checked=False)


def _copy_in_parts(
    objects: Objects, origin: Mapping[str, Any], size: int, copy: Copied, *, checked: bool = True
) -> None:
    upload = multipart.begin(objects, copy.key, content_type=copy.content_type, metadata=copy.metadata, checked=checked)
    try:
        with ThreadPoolExecutor(_REQUESTS, thread_name_prefix="copy") as pool:
            parts = list(pool.map(lambda part: _copy_part(objects, origin, upload, part), _plan(size)))
        multipart.complete(objects, upload, parts, crc32=None, if_absent=copy.if_absent)
    except ModelstoreError:
        multipart.abort(objects, upload)
        raise


def _copy_at_once(objects: Objects, origin: Mapping[str, Any], copy: Copied) -> None:
    def send(further: Mapping[str, str]) -> None:
        with asking("Cannot copy the object", on=objects.url(copy.key)):
            objects.client.copy_object(
                Bucket=objects.bucket,
                Key=copy.key,
                ContentType=copy.content_type,
                Metadata=dict(copy.metadata),
                MetadataDirective="REPLACE",
                **origin,
                **further,
            )

    checksum = {"ChecksumAlgorithm": "CRC32"} if objects.sends_crc32 else {}
    further = checksum | objects.condition(if_absent=copy.if_absent)
    try:
        send(further)
    except StoreRefused as refusal:
        # What it does not understand of a copy it may well understand of an upload: nothing is learned from this.
        if not further or refusal.code not in NOT_UNDERSTOOD:
            raise
        send({})


def _copy_part(objects: Objects, origin: Mapping[str, Any], upload: OpenUpload, part: Part) -> StoredPart:
    with asking(f"Cannot copy part {part.number} of the object", on=objects.url(upload.key)):
        answer = objects.client.upload_part_copy(
            Bucket=objects.bucket,
            Key=upload.key,
            UploadId=upload.upload_id,
            PartNumber=part.number,
            CopySourceRange=f"bytes={part.offset}-{part.offset + part.size - 1}",
            **origin,
        )
    told = answer["CopyPartResult"]
    return StoredPart(part.number, part.size, told["ETag"].strip('"'), crc32_value(told.get("ChecksumCRC32")))


def _plan(size: int) -> PartPlan:
    """Larger parts than those of an upload: nothing of them is in memory, and nothing is resumed."""
    needed = -(-size // MOST_PARTS)
    return PartPlan(size, max(_AT_ONCE, -(-needed // MIB) * MIB))
