"""Multipart uploads of one bucket: begun, listed, fed, completed, aborted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_modelstore_provider.crc32 import crc32_text, crc32_value
from pulumi_modelstore_provider.errors import NotInStore
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.objects import Objects
from pulumi_modelstore_provider.s3.pages import next_page
from pulumi_modelstore_provider.stores.protocol import Body, OpenUpload, PartSum, StoredPart


def begin(
    objects: Objects, key: str, *, content_type: str, metadata: Mapping[str, str], checked: bool = True
) -> OpenUpload:
    """Begin an upload; the store is asked to check by CRC32 over the whole object, unless `checked` is false."""

    def send() -> Any:
        wanted = checked and objects.sends_crc32
        checksum = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"} if wanted else {}
        with asking("Cannot begin the upload", on=objects.url(key)):
            return objects.client.create_multipart_upload(
                Bucket=objects.bucket, Key=key, ContentType=content_type, Metadata=dict(metadata), **checksum
            )

    answer = objects.learning(send)
    return OpenUpload(key, answer["UploadId"], answer.get("ChecksumAlgorithm") == "CRC32")


def open_uploads(objects: Objects, prefix: str) -> Iterator[OpenUpload]:
    """List the uploads under a key prefix that were begun and neither completed nor aborted, oldest first for a key."""
    markers: Mapping[str, Any] = {}
    while True:
        with asking("Cannot list the unfinished uploads", on=objects.url(prefix)):
            answer = objects.client.list_multipart_uploads(Bucket=objects.bucket, Prefix=prefix, **markers)
        for item in answer.get("Uploads", ()):
            # Some stores take Prefix for a folder and answer with more than was asked for.
            if item["Key"].startswith(prefix):
                yield OpenUpload(item["Key"], item["UploadId"], item.get("ChecksumAlgorithm") == "CRC32")
        if not answer.get("IsTruncated"):
            return
        following = {
            "KeyMarker": answer.get("NextKeyMarker", ""),
            "UploadIdMarker": answer.get("NextUploadIdMarker", ""),
        }
        markers = next_page(following, markers, on=objects.url(prefix))


def stored_parts(objects: Objects, upload: OpenUpload) -> dict[int, StoredPart]:
    """Return the parts that the store has, by number; none when the upload is gone."""
    parts: dict[int, StoredPart] = {}
    marker: Mapping[str, Any] = {}
    while True:
        try:
            with asking("Cannot list the parts of the upload", on=objects.url(upload.key)):
                answer = objects.client.list_parts(
                    Bucket=objects.bucket, Key=upload.key, UploadId=upload.upload_id, **marker
                )
        except NotInStore:
            return {}
        for item in answer.get("Parts", ()):
            part = StoredPart(
                int(item["PartNumber"]),
                int(item["Size"]),
                item["ETag"].strip('"'),
                crc32_value(item.get("ChecksumCRC32")),
            )
            parts[part.number] = part
        if not answer.get("IsTruncated"):
            return parts
        following = {"PartNumberMarker": int(answer.get("NextPartNumberMarker") or 0)}
        marker = next_page(following, marker, on=objects.url(upload.key))


def send_part(
    objects: Objects, upload: OpenUpload, number: int, body: Body, *, sums: PartSum | None = None
) -> StoredPart:
    """Send one part, checked by the store as it arrives; `number` counts from 1."""

    def send() -> Any:
        checksum = objects.guarded(body, sums)
        if "ChecksumCRC32" in checksum and not upload.uses_crc32:
            # An upload that was begun without CRC32 refuses parts with it.
            checksum = objects.guarded_by_md5(body, sums)
        with asking(f"Cannot send part {number} of the upload", on=objects.url(upload.key)):
            return objects.sender.upload_part(
                Bucket=objects.bucket,
                Key=upload.key,
                UploadId=upload.upload_id,
                PartNumber=number,
                Body=body,
                **checksum,
            )

    answer = objects.learning(send)
    return StoredPart(number, len(body), answer["ETag"].strip('"'), crc32_value(answer.get("ChecksumCRC32")))


def complete(
    objects: Objects, upload: OpenUpload, parts: Sequence[StoredPart], *, crc32: int | None, if_absent: bool
) -> None:
    """Join the parts into the object; `crc32` is that of the whole object, for the store to compare.

    Raises NotInStore when the upload is gone and WriteConflict when `if_absent` and somebody else wrote the object.
    """

    def send() -> Any:
        listed = [
            {"PartNumber": part.number, "ETag": part.etag}
            | ({"ChecksumCRC32": crc32_text(part.crc32)} if part.crc32 is not None and upload.uses_crc32 else {})
            for part in parts
        ]
        whole = {}
        if crc32 is not None and objects.sends_crc32:
            whole = {"ChecksumCRC32": crc32_text(crc32), "ChecksumType": "FULL_OBJECT"}
        with asking("Cannot complete the upload", on=objects.url(upload.key)):
            return objects.client.complete_multipart_upload(
                Bucket=objects.bucket,
                Key=upload.key,
                UploadId=upload.upload_id,
                MultipartUpload={"Parts": listed},
                **whole,
                **objects.condition(if_absent=if_absent),
            )

    objects.learning(send)


def abort(objects: Objects, upload: OpenUpload) -> None:
    """Throw an unfinished upload away; one that is gone already is no error."""
    try:
        with asking("Cannot abort the unfinished upload", on=objects.url(upload.key)):
            objects.client.abort_multipart_upload(Bucket=objects.bucket, Key=upload.key, UploadId=upload.upload_id)
    except NotInStore:
        return
