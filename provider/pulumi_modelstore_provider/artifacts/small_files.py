"""Puts a file that fits into one part into the store, unless it is there."""

from __future__ import annotations

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.media_types import media_type
from pulumi_modelstore_provider.artifacts.parts import plan_parts
from pulumi_modelstore_provider.artifacts.reading import opened
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA, Method, verify
from pulumi_modelstore_provider.errors import UploadCorrupted, VersionConflict, WriteConflict
from pulumi_modelstore_provider.stores.part_sums import sum_of
from pulumi_modelstore_provider.stores.protocol import ListedObject, StoreSums


def send_small(
    transfer: Transfer, key: str, source: ByteSource, entry: FileEntry, existing: ListedObject | None
) -> FileReceipt:
    """Write the file with one request and verify it; an object of the same content is kept.

    Raises SourceChanged, UploadCorrupted, and VersionConflict when somebody else is writing other content there.
    """
    with opened(source, entry) as file:
        body = b"".join(file.read(part) for part in plan_parts(entry.size))
        file.check()
    if existing is not None:
        if existing.size == entry.size and (kept := _kept(transfer, key, entry, body)):
            return kept
        transfer.refuse_if_committed()
    try:
        receipt = transfer.objects.put(
            key,
            body,
            content_type=media_type(entry.path),
            metadata={SHA256_METADATA: entry.digest.removeprefix("sha256:")},
            if_absent=existing is None,
        )
    except WriteConflict:
        if kept := _kept(transfer, key, entry, body):
            return kept
        raise other_writer(transfer.objects.url(key)) from None
    method = _verified(transfer, key, entry, body, receipt.sums)
    if method is None:
        raise corrupted(transfer.objects.url(key))
    transfer.progress.advance(entry.size)
    return FileReceipt(entry.path, method, receipt.etag, sent=entry.size, kept=0)


def _kept(transfer: Transfer, key: str, entry: FileEntry, body: bytes) -> FileReceipt | None:
    head = transfer.objects.head(key)
    if head is None or head.metadata.get(SHA256_METADATA) != entry.digest.removeprefix("sha256:"):
        return None
    method = _verified(transfer, key, entry, body, head.sums)
    if method is None:
        return None
    transfer.progress.advance(entry.size, moved=False)
    return FileReceipt(entry.path, method, head.etag, sent=0, kept=entry.size)


def _verified(transfer: Transfer, key: str, entry: FileEntry, body: bytes, sums: StoreSums) -> Method | None:
    return verify(transfer.objects, key, digest=entry.digest, parts=lambda wanted: [sum_of(body, wanted)], sums=sums)


def corrupted(url: str) -> UploadCorrupted:
    """Return the error for an object that is not what was sent."""
    return UploadCorrupted(
        "The store holds other bytes than were sent",
        on=url,
        remedy="Run again; if it comes back, check the store and what lies between it and this machine",
    )


def other_writer(url: str) -> VersionConflict:
    """Return the error for an object that somebody else wrote during the upload."""
    return VersionConflict(
        "Somebody else is uploading other content as the same version",
        on=url,
        remedy="Wait until that is over, then run again; with other content, choose a new version",
    )
