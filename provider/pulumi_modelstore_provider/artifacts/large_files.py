"""Puts a file of many parts into the store, resuming what an earlier run has left there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.checksums import whole_crc32
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.media_types import media_type
from pulumi_modelstore_provider.artifacts.part_stream import PartStream
from pulumi_modelstore_provider.artifacts.parts import Part, PartPlan, plan_parts
from pulumi_modelstore_provider.artifacts.reading import check_digest, local_sums
from pulumi_modelstore_provider.artifacts.small_files import corrupted, other_writer
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA, verify
from pulumi_modelstore_provider.errors import NotInStore, SourceChanged, StoreRefused, WriteConflict
from pulumi_modelstore_provider.stores.part_sums import PartSum
from pulumi_modelstore_provider.stores.protocol import (
    Body,
    ListedObject,
    ObjectHead,
    ObjectStore,
    OpenUpload,
    StoredPart,
    SumKind,
)

_MD5: frozenset[SumKind] = frozenset({"md5"})
_PARTS_DIFFER = {"InvalidPart", "BadDigest", "InvalidPartOrder", "EntityTooSmall"}


@dataclass(frozen=True, slots=True)
class _SentPart:
    stored: StoredPart
    sums: PartSum
    kept: bool


@dataclass(frozen=True, slots=True)
class _LargeFile:
    key: str
    source: ByteSource
    entry: FileEntry
    plan: PartPlan

    @property
    def sha256(self) -> str:
        return self.entry.digest.removeprefix("sha256:")


def send_large(
    transfer: Transfer,
    key: str,
    source: ByteSource,
    entry: FileEntry,
    existing: ListedObject | None,
    unfinished: Sequence[OpenUpload],
) -> FileReceipt:
    """Write the file in parts and verify it; an object of the same content is kept, and so are parts of `unfinished`.

    A local file is compared by sums of its own, any other by reading the object back: what an earlier run has brought
    here does not come from afar again. Raises SourceChanged, UploadCorrupted, and
    VersionConflict when somebody else is writing other content there.
    """
    file = _LargeFile(key, source, entry, plan_parts(entry.size))
    if existing is not None:
        if existing.size == entry.size and (kept := _kept(transfer, file)):
            return kept
        transfer.refuse_if_committed()
    upload, stored = _resumable(transfer.objects, file, unfinished)
    receipt = _attempt(transfer, file, upload, stored, if_absent=existing is None)
    if receipt is None:
        # What was resumed was not of this file after all, or was taken away meanwhile: once more, from the start.
        receipt = _attempt(transfer, file, None, {}, if_absent=False)
    if receipt is None:
        raise corrupted(transfer.objects.url(key))
    return receipt


def _kept(transfer: Transfer, file: _LargeFile) -> FileReceipt | None:
    head = transfer.objects.head(file.key)
    if head is None or head.metadata.get(SHA256_METADATA) != file.sha256:
        return None
    receipt = _verified(transfer, file, head, [], sent=0)
    if receipt is not None:
        transfer.progress.advance(file.entry.size, moved=False)
    return receipt


def _resumable(
    objects: ObjectStore, file: _LargeFile, unfinished: Sequence[OpenUpload]
) -> tuple[OpenUpload | None, dict[int, StoredPart]]:
    best: tuple[OpenUpload | None, dict[int, StoredPart]] = (None, {})
    for upload in unfinished:
        parts = objects.stored_parts(upload)
        # MinIO tells of the parts how they are checked, not of the upload.
        uses_crc32 = upload.uses_crc32 or any(part.crc32 is not None for part in parts.values())
        fitting = {number: part for number, part in parts.items() if part.size == file.plan.size_of(number)}
        # A part outside the plan would stay in the way of a whole-object checksum.
        if len(fitting) == len(parts) and len(fitting) > len(best[1]):
            best = (replace(upload, uses_crc32=uses_crc32), fitting)
    return best


def _attempt(
    transfer: Transfer,
    file: _LargeFile,
    upload: OpenUpload | None,
    stored: Mapping[int, StoredPart],
    *,
    if_absent: bool,
) -> FileReceipt | None:
    objects = transfer.objects
    if upload is None:
        upload = objects.begin(
            file.key,
            content_type=media_type(file.entry.path),
            metadata={SHA256_METADATA: file.sha256},
        )
    parts = _send_parts(transfer, file, upload, stored)
    # Also where only what is absent is to be written: Ceph 16 passes over that condition for uploads in parts.
    transfer.refuse_if_committed()
    outcome = _complete(objects, upload, parts, if_absent=if_absent) if parts else "gone"
    head = None if outcome == "parts differ" else objects.head(file.key)
    if head is None:
        return None
    if head.metadata.get(SHA256_METADATA) != file.sha256:
        if outcome == "conflict":
            raise other_writer(objects.url(file.key))
        return None
    sent = sum(part.sums.size for part in parts if not part.kept)
    return _verified(transfer, file, head, [part.sums for part in parts], sent=sent)


def _complete(
    objects: ObjectStore, upload: OpenUpload, parts: Sequence[_SentPart], *, if_absent: bool
) -> Literal["done", "gone", "conflict", "parts differ"]:
    crc32 = whole_crc32([part.sums for part in parts]) if upload.uses_crc32 else None
    try:
        objects.complete(upload, [part.stored for part in parts], crc32=crc32, if_absent=if_absent)
    except NotInStore:
        # Completed by a request whose answer was lost, or by another run, or aborted: the object will tell.
        return "gone"
    except WriteConflict:
        return "conflict"
    except StoreRefused as refusal:
        if refusal.code not in _PARTS_DIFFER:
            raise
        return "parts differ"
    return "done"


def _send_parts(
    transfer: Transfer, file: _LargeFile, upload: OpenUpload, stored: Mapping[int, StoredPart]
) -> list[_SentPart]:
    """Return all parts, or none when the upload is gone."""
    objects = transfer.objects

    def wanted(part: Part) -> Collection[SumKind]:
        known = stored.get(part.number)
        by_md5 = not upload.uses_crc32 or (known is not None and known.crc32 is None)
        return objects.wanted_sums | _MD5 if by_md5 else objects.wanted_sums

    def send(part: Part, body: Body, sums: PartSum) -> _SentPart | None:
        known = stored.get(part.number)
        if known is not None and _same(known, sums):
            transfer.progress.advance(sums.size, moved=False)
            return _SentPart(StoredPart(part.number, sums.size, known.etag, sums.crc32), sums, kept=True)
        try:
            answer = objects.send_part(upload, part.number, body, sums=sums)
        except NotInStore:
            stream.end()
            return None
        transfer.sent(sums.size)
        return _SentPart(StoredPart(part.number, sums.size, answer.etag, sums.crc32), sums, kept=False)

    with file.source.open(file.entry) as source:
        stream = PartStream(
            transfer,
            source,
            file.plan,
            send,
            wanted,
            is_local=file.source.is_local,
            digest=file.entry.digest,
            recorded=source.recorded(file.entry.digest),
        )
        try:
            parts, digest = stream.run()
        except SourceChanged:
            file.source.forget()
            raise
        if digest is None:
            return []
        check_digest(digest, source, file.source, file.entry)
    return [part for part in parts if part is not None]


def _same(stored: StoredPart, sums: PartSum) -> bool:
    if stored.size != sums.size:
        return False
    if stored.crc32 is not None:
        return stored.crc32 == sums.crc32
    return sums.md5 is not None and stored.etag == sums.md5.hex()


def _verified(
    transfer: Transfer, file: _LargeFile, head: ObjectHead, sums: Sequence[PartSum], *, sent: int
) -> FileReceipt | None:
    def parts(wanted: Collection[SumKind]) -> Sequence[PartSum] | None:
        if sums and all(part.has(wanted) for part in sums):
            return sums
        return local_sums(file.source, file.entry, file.plan, wanted) if file.source.is_local else None

    if head.size != file.entry.size:
        return None
    method = verify(transfer.objects, file.key, digest=file.entry.digest, parts=parts, sums=head.sums)
    if method is None:
        return None
    return FileReceipt(file.entry.path, method, head.etag, sent=sent, kept=file.entry.size - sent)
