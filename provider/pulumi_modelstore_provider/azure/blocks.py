"""Uploads in blocks that can be resumed: what the service has of one is asked of the service itself.

Each block is sent with its MD5, which the service checks as it arrives. Blocks that are never committed vanish a week
after the last of them was sent, or with the next write of their blob (Put Block, REST API reference).
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_modelstore_provider.azure.block_ids import (
    BlobHeader,
    PartId,
    header_ids,
    new_upload,
    parse_part,
    read_header,
    upload_of,
)
from pulumi_modelstore_provider.azure.failures import asking
from pulumi_modelstore_provider.errors import NotInStore, StoreRefused, WriteConflict
from pulumi_modelstore_provider.metering import pass_at_once
from pulumi_modelstore_provider.stores.bodies import in_memory
from pulumi_modelstore_provider.stores.protocol import Body, OpenUpload, PartSum, StoredPart, StoreSums

if TYPE_CHECKING:
    from azure.storage.blob import BlobBlock

    from pulumi_modelstore_provider.azure.objects import Blobs

T = TypeVar("T")

_SENDS = 4
_DAMAGED = {"Md5Mismatch", "InvalidMd5"}
_NO_BLOCKS = {"InvalidBlobType"}
_WORTH_A_LOOK = 8 << 20
"""Bytes of a blob from which on it may be being written anew in blocks; below, nothing is sent in blocks."""


def begin(blobs: Blobs, key: str, *, content_type: str, metadata: Mapping[str, str]) -> OpenUpload:
    """Begin an upload: send its header blocks."""
    upload = new_upload()
    blob = blobs.container.get_blob_client(key)
    for block_id in header_ids(upload, BlobHeader(content_type, metadata)):
        with asking("Cannot begin the upload", on=blobs.url(key)):
            blob.stage_block(block_id, b"\0", length=1)
    return OpenUpload(key, upload, uses_crc32=False)


def open_uploads(blobs: Blobs, prefix: str) -> Iterator[OpenUpload]:
    """List the uploads under a prefix that were begun and not completed, oldest first for a key."""
    with asking("Cannot list the unfinished uploads", on=blobs.url(prefix)):
        listed = list(blobs.container.list_blobs(name_starts_with=prefix, include=["uncommittedblobs"]))
    for item in listed:
        # A blob without a committed block is listed as empty; one that is written anew looks as it did before.
        if item.size == 0 or item.size >= _WORTH_A_LOOK:
            found = {upload_of(block.id) for block in uncommitted(blobs, item.name)}
            for upload in sorted(name for name in found if name is not None):
                yield OpenUpload(item.name, upload, uses_crc32=False)


def stored_parts(blobs: Blobs, upload: OpenUpload) -> dict[int, StoredPart]:
    """Return the parts that the service has, by number; none when the upload is gone."""
    parts: dict[int, StoredPart] = {}
    for block in uncommitted(blobs, upload.key):
        part = parse_part(block.id)
        if part is not None and part.upload == upload.upload_id:
            parts[part.number] = StoredPart(part.number, int(block.size), part.md5)
    return parts


def send_part(blobs: Blobs, upload: OpenUpload, number: int, body: Body, *, sums: PartSum | None = None) -> StoredPart:
    """Send one part, whose MD5 the service checks as it arrives; `number` counts from 1."""
    known = None if sums is None else sums.md5
    whole = bytes(in_memory(body))
    md5 = (known or hashlib.md5(whole, usedforsecurity=False).digest()).hex()
    pass_at_once(len(whole))
    block_id = str(PartId(upload.upload_id, number, md5))
    blob = blobs.container.get_blob_client(upload.key)

    def send() -> None:
        with asking(f"Cannot send part {number} of the upload", on=blobs.url(upload.key)):
            blob.stage_block(block_id, whole, length=len(whole), validate_content=True)

    again_where_damaged(send)
    return StoredPart(number, len(whole), md5)


def complete(blobs: Blobs, upload: OpenUpload, parts: Sequence[StoredPart], *, if_absent: bool) -> None:
    """Commit the parts as the blob.

    Raises NotInStore when the upload is gone and WriteConflict when `if_absent` and somebody else wrote the blob.
    """
    from azure.core import MatchConditions
    from azure.storage.blob import BlobBlock, BlockState, ContentSettings

    there = [block.id for block in uncommitted(blobs, upload.key)]
    header = read_header(upload.upload_id, there)
    wanted = [str(PartId(upload.upload_id, part.number, part.etag)) for part in parts]
    if header is None or not set(wanted).issubset(there):
        raise _gone(blobs, upload)
    try:
        with asking("Cannot complete the upload", on=blobs.url(upload.key)):
            blobs.container.get_blob_client(upload.key).commit_block_list(
                [BlobBlock(block_id, state=BlockState.UNCOMMITTED) for block_id in wanted],
                content_settings=ContentSettings(content_type=header.content_type),
                metadata=dict(header.metadata),
                match_condition=MatchConditions.IfMissing if if_absent else None,
            )
    except StoreRefused as refusal:
        if refusal.code == "InvalidBlockList":
            raise _gone(blobs, upload) from None
        raise


def abort(blobs: Blobs, upload: OpenUpload) -> None:
    """Throw an unfinished upload away where that touches nothing else; gone is no error.

    Of a blob that was never committed the blocks go with an empty commit that is taken back at once. Where the blob
    exists, or blocks of another upload wait beside these, they are left to vanish after a week: no call removes them
    alone.
    """
    from azure.core import MatchConditions

    found = {upload_of(block.id) for block in uncommitted(blobs, upload.key)}
    if found != {upload.upload_id}:
        return
    blob = blobs.container.get_blob_client(upload.key)
    with contextlib.suppress(WriteConflict, NotInStore), asking("Cannot abort the upload", on=blobs.url(upload.key)):
        emptied: dict[str, Any] = blob.commit_block_list([], match_condition=MatchConditions.IfMissing)
        blob.delete_blob(etag=emptied["etag"], match_condition=MatchConditions.IfNotModified)


def uncommitted(blobs: Blobs, key: str) -> Sequence[BlobBlock]:
    """Return a blob's blocks that wait for a commit; none where there is nothing of that name."""
    return _blocks(blobs, key, "uncommitted")[1]


def committed_sums(blobs: Blobs, key: str, single_md5: str | None) -> StoreSums:
    """Return what the service has checked of a blob's bytes: the MD5 of its blocks, or that of a blob written at once.

    None where another program wrote the blocks: then a blob's MD5 is what that program said, and nobody has checked it.
    """
    blocks = _blocks(blobs, key, "committed")[0]
    if not blocks:
        return StoreSums(md5=single_md5)
    parts = [parse_part(block.id) for block in blocks]
    digests = [bytes.fromhex(part.md5) for number, part in enumerate(parts, 1) if part and part.number == number]
    if len(digests) != len(blocks):
        return StoreSums()
    return StoreSums(md5=f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}")


def again_where_damaged(send: Callable[[], T]) -> T:
    """Send, and send again what was damaged on the way."""
    for _ in range(_SENDS - 1):
        try:
            return send()
        except StoreRefused as refusal:
            if refusal.code not in _DAMAGED:
                raise
    return send()


def _blocks(blobs: Blobs, key: str, which: str) -> tuple[Sequence[BlobBlock], Sequence[BlobBlock]]:
    try:
        with asking("Cannot list the blocks of the blob", on=blobs.url(key)):
            return blobs.container.get_blob_client(key).get_block_list(which)
    except NotInStore as missing:
        if missing.code == "ContainerNotFound":
            raise
        return (), ()
    except StoreRefused as refusal:
        if refusal.code in _NO_BLOCKS:
            return (), ()
        raise


def _gone(blobs: Blobs, upload: OpenUpload) -> NotInStore:
    return NotInStore(
        "The upload is gone: its blocks were committed, or thrown away by another write",
        on=blobs.url(upload.key),
        remedy="Run again",
        code="InvalidBlockList",
    )
