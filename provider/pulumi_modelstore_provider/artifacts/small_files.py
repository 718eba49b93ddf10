"""Puts a file that fits into one part into the store, unless it is there."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Collection, Sequence

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.media_types import media_type
from pulumi_modelstore_provider.artifacts.reading import check_digest
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA, Method, compare, verify
from pulumi_modelstore_provider.errors import UploadCorrupted, VersionConflict, WriteConflict
from pulumi_modelstore_provider.stores.part_sums import PartSum, sum_of
from pulumi_modelstore_provider.stores.protocol import ListedObject, PutReceipt, StoreSums, SumKind
from pulumi_modelstore_provider.stores.started import Started


def start_small(
    transfer: Transfer, key: str, source: ByteSource, entry: FileEntry, existing: ListedObject | None, scratch: Scratch
) -> Started[FileReceipt]:
    """Write the file with one request; `finish` waits for the answer and verifies the object.

    Until then `scratch` belongs to it. An object of the same content is kept: a file that is not on this machine is not
    read where the object of an earlier run proves, read back, to be the same. Both raise SourceChanged,
    UploadCorrupted, and VersionConflict when somebody else is writing other content there.
    """
    objects = transfer.objects
    there = existing is not None and existing.size == entry.size
    if there and not source.is_local and (kept := _kept(transfer, key, entry, None)):
        return Started(functools.partial(_same, kept))
    body = scratch.of(entry.size)
    with source.open(entry) as opened:
        opened.read_into(0, body)
        check_digest(f"sha256:{hashlib.sha256(body).hexdigest()}", opened, source, entry)
    if there and source.is_local and (kept := _kept(transfer, key, entry, body)):
        return Started(functools.partial(_same, kept))
    if existing is not None:
        transfer.refuse_if_committed()
    sums = sum_of(body, objects.wanted_sums)
    written = objects.start_put(
        key,
        body,
        content_type=media_type(entry.path),
        metadata={SHA256_METADATA: entry.digest.removeprefix("sha256:")},
        if_absent=existing is None,
        sums=sums,
    )
    return Started(functools.partial(_written, transfer, key, entry, body, sums, written.finish), written.answered_on)


def _same(receipt: FileReceipt) -> FileReceipt:
    return receipt


def _written(
    transfer: Transfer, key: str, entry: FileEntry, body: memoryview, sums: PartSum, written: Callable[[], PutReceipt]
) -> FileReceipt:
    objects = transfer.objects
    try:
        receipt = written()
    except WriteConflict:
        if kept := _kept(transfer, key, entry, body):
            return kept
        raise other_writer(objects.url(key)) from None
    method, agrees = compare((sums,), receipt.sums)
    if not agrees:
        method = _verified(transfer, key, entry, body, receipt.sums)
    if method is None:
        raise corrupted(objects.url(key))
    return FileReceipt(entry.path, method, receipt.etag, sent=entry.size, kept=0)


def _kept(transfer: Transfer, key: str, entry: FileEntry, body: memoryview | None) -> FileReceipt | None:
    head = transfer.objects.head(key)
    if head is None or head.metadata.get(SHA256_METADATA) != entry.digest.removeprefix("sha256:"):
        return None
    method = _verified(transfer, key, entry, body, head.sums)
    if method is None:
        return None
    transfer.progress.advance(entry.size, moved=False)
    return FileReceipt(entry.path, method, head.etag, sent=0, kept=entry.size)


def _verified(
    transfer: Transfer, key: str, entry: FileEntry, body: memoryview | None, told: StoreSums
) -> Method | None:
    """`body` is None where it is not at hand."""

    def parts(wanted: Collection[SumKind]) -> Sequence[PartSum] | None:
        return None if body is None else [sum_of(body, wanted)]

    return verify(transfer.objects, key, digest=entry.digest, parts=parts, sums=told)


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
