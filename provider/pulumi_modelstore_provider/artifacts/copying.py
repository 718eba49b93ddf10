"""Copies files from one bucket to another of the same store, without their passing through this machine.

A copy is verified by the store's own checksums of both objects where the digest of the source is this package's own
record; else it is read back. What the store does not copy is left to be streamed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.media_types import media_type
from pulumi_modelstore_provider.artifacts.small_files import corrupted, other_writer
from pulumi_modelstore_provider.artifacts.sources.bucket import StoredObject
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA, Method
from pulumi_modelstore_provider.errors import (
    ModelstoreError,
    SourceChanged,
    StoreRefused,
    StoreUnreachable,
    WriteConflict,
)
from pulumi_modelstore_provider.progress import TransferProgress
from pulumi_modelstore_provider.stores.copying import Copied, CopyingStore
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectHead, ObjectStore, StoreSums

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Copy:
    key: str
    entry: FileEntry
    source: StoredObject

    @property
    def sha256(self) -> str:
        return self.entry.digest.removeprefix("sha256:")


def copy_within_store(
    objects: ObjectStore,
    keys: Mapping[str, FileEntry],
    sources: Mapping[str, ByteSource],
    present: Mapping[str, ListedObject],
    *,
    progress: TransferProgress,
    refuse_if_committed: Callable[[], None],
) -> list[FileReceipt]:
    """Copy those files that are objects of the same store, and return their receipts; the others are left to be sent.

    Raises SourceChanged when an object is another one by now, UploadCorrupted, VersionConflict when somebody else is
    writing other content there, and what `refuse_if_committed` raises before anything is written over.
    """
    if not isinstance(objects, CopyingStore):
        return []
    store = objects
    copies = [
        _Copy(key, entry, source)
        for key, entry in keys.items()
        if isinstance(source := sources[entry.path], StoredObject) and objects.shares_store_with(source.objects)
    ]
    if not copies:
        return []

    def copy(one: _Copy) -> FileReceipt | None:
        if one.source.is_spare:
            return _copied_spare(store, one, present.get(one.key), progress)
        return _copied(store, one, present.get(one.key), progress, refuse_if_committed)

    with ThreadPoolExecutor(min(_AT_ONCE, len(copies)), thread_name_prefix="copy") as pool:
        return [receipt for receipt in pool.map(copy, copies) if receipt is not None]


def _copied(
    objects: CopyingStore,
    one: _Copy,
    existing: ListedObject | None,
    progress: TransferProgress,
    refuse_if_committed: Callable[[], None],
) -> FileReceipt | None:
    origin = _origin(one)
    if origin is None:
        raise _changed(one)
    if existing is not None:
        if (kept := _verified(objects, one, origin)) is not None:
            progress.advance(one.entry.size, moved=False)
            return FileReceipt(one.entry.path, kept[0], kept[1], sent=0, kept=one.entry.size)
        refuse_if_committed()
    try:
        _copy(objects, one, if_absent=existing is None)
    except WriteConflict:
        # Refused for what lies there, or since the source is another one by now.
        if _origin(one) is None:
            raise _changed(one) from None
        if _verified(objects, one, origin) is None:
            raise other_writer(objects.url(one.key)) from None
    except (StoreRefused, StoreUnreachable):
        # Another account's bucket, a store that does not copy or takes too long for it: the bytes take the long way.
        return None
    found = _verified(objects, one, origin)
    if found is None:
        one.source.forget()
        raise _differs(objects, one, origin)
    progress.advance(one.entry.size)
    return FileReceipt(one.entry.path, found[0], found[1], sent=0, kept=0, copied=one.entry.size)


def _copied_spare(
    objects: CopyingStore, one: _Copy, existing: ListedObject | None, progress: TransferProgress
) -> FileReceipt | None:
    """Copy what can be sent as well: whatever stands in the way, the answer is None, and nothing wrong stays there."""
    origin = _origin(one)
    if existing is not None or origin is None or origin.metadata.get(SHA256_METADATA) != one.sha256:
        return None
    try:
        _copy(objects, one, if_absent=True)
    except (WriteConflict, StoreRefused, StoreUnreachable):
        return None
    found = _verified(objects, one, origin)
    if found is None:
        objects.delete([one.key])
        return None
    progress.advance(one.entry.size)
    return FileReceipt(one.entry.path, found[0], found[1], sent=0, kept=0, copied=one.entry.size)


def _origin(one: _Copy) -> ObjectHead | None:
    """Return what the store says of the object that is to be copied; None where it is not the one any more."""
    head = one.source.objects.head(one.source.key)
    return head if head is not None and (head.etag, head.size) == (one.source.etag, one.entry.size) else None


def _changed(one: _Copy) -> SourceChanged:
    return SourceChanged(
        "The object changed since the program ran",
        on=one.source.name,
        remedy="Preview again: the new content becomes a new version",
    )


def _differs(objects: CopyingStore, one: _Copy, origin: ObjectHead) -> ModelstoreError:
    if origin.metadata.get(SHA256_METADATA) == one.sha256:
        return corrupted(objects.url(one.key))
    return SourceChanged(
        "The object has another digest than is recorded of it",
        on=one.source.name,
        remedy="Verify what lies there: somebody has written over it, or run again if it was just written",
    )


def _copy(objects: CopyingStore, one: _Copy, *, if_absent: bool) -> None:
    objects.copy_from(
        one.source.objects,
        ListedObject(one.source.key, one.entry.size, one.source.etag),
        Copied(one.key, media_type(one.entry.path), {SHA256_METADATA: one.sha256}, if_absent),
    )


def _verified(objects: CopyingStore, one: _Copy, origin: ObjectHead) -> tuple[Method, str] | None:
    """Return how the object at the copy's place was found to be right, and its ETag; None where it is not."""
    head = objects.head(one.key)
    if head is None or head.size != one.entry.size or head.metadata.get(SHA256_METADATA) != one.sha256:
        return None
    if objects.checksums_copies and origin.metadata.get(SHA256_METADATA) == one.sha256:
        method, agrees = _compared(origin.sums, head.sums)
        if method is not None:
            return (method, head.etag) if agrees else None
    whole = hashlib.sha256()
    for chunk in objects.stream(one.key):
        whole.update(chunk)
    return ("read back", head.etag) if whole.hexdigest() == one.sha256 else None


def _compared(source: StoreSums, copy: StoreSums) -> tuple[Method | None, bool]:
    """Compare what the store computed of both objects as a whole. MD5s that differ prove nothing: see `compare`."""
    if _whole(source.crc32) and _whole(copy.crc32):
        return "CRC32", source.crc32 == copy.crc32
    if _whole(source.crc32c) and _whole(copy.crc32c):
        return "CRC32C", source.crc32c == copy.crc32c
    if _whole(source.md5) and source.md5 == copy.md5:
        return "MD5", True
    return None, False


def _whole(text: str | None) -> bool:
    """Whether it is of the whole object, and not of its parts' sums."""
    return text is not None and "-" not in text
