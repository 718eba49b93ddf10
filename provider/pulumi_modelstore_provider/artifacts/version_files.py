"""Brings all files of a version into its place in the bucket; the version does not exist until it is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.copying import copy_within_store
from pulumi_modelstore_provider.artifacts.large_files import send_large
from pulumi_modelstore_provider.artifacts.parts import SMALLEST_PART
from pulumi_modelstore_provider.artifacts.small_files import other_writer
from pulumi_modelstore_provider.artifacts.small_queue import SmallQueue
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer, TransferStopped
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused
from pulumi_modelstore_provider.progress import TransferProgress
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore, OpenUpload

_MOST_SHOWN = 5
_MOST_LARGE_FILES = 4
"""Large files under way at once: the digest of each takes a processor."""


def send_files(
    objects: ObjectStore,
    prefix: str,
    content: Content,
    sources: Mapping[str, ByteSource],
    *,
    urn: str,
    refuse_if_committed: Callable[[], None],
    settings: TransferSettings,
    earlier: Mapping[str, ByteSource] | None = None,
) -> list[FileReceipt]:
    """Send what is not there yet, verify all of it, and leave nothing else under `prefix`.

    `sources` gives the file of each path, `earlier` the same file in an earlier version, to be copied where the store
    can; `refuse_if_committed` raises when somebody else has committed the version.
    Leftovers of an earlier attempt under the prefix are removed; objects that are not of this package are refused with
    ModelstoreError before anything is sent. Raises what the sending of a file raises, the first failure first.
    """
    keys = {f"{prefix}{entry.path}": entry for entry in content.files}
    present = {item.key: item for item in objects.list(prefix)}
    leftovers = _leftovers(objects, [item for key, item in present.items() if key not in keys])
    small = {key: entry for key, entry in keys.items() if entry.size <= SMALLEST_PART}
    largest_small = max((entry.size for entry in small.values()), default=0)
    progress = TransferProgress(urn, "uploading", content.total_bytes)
    with Transfer(
        objects, progress, settings=settings, largest_small=largest_small, refuse_if_committed=refuse_if_committed
    ) as transfer:
        copied = copy_within_store(
            objects, keys, sources, present, progress=progress, refuse_if_committed=refuse_if_committed
        )
        there = {receipt.path for receipt in copied}
        unchanged = {k: e for k, e in keys.items() if earlier and e.path in earlier and e.path not in there}
        copied += copy_within_store(
            objects, unchanged, earlier or {}, present, progress=progress, refuse_if_committed=refuse_if_committed
        )
        there = {receipt.path for receipt in copied}
        large = {key: entry for key, entry in keys.items() if key not in small and entry.path not in there}
        small = {key: entry for key, entry in small.items() if entry.path not in there}
        receipts = copied + _Sending(transfer, sources, present).send(small, large)
    if leftovers:
        objects.delete(leftovers)
    _settle(objects, prefix, receipts)
    return receipts


def abort_unfinished(objects: ObjectStore, prefix: str, content: Content) -> None:
    """Abort uploads that were begun for files of this version and are of no use any more."""
    for entry in content.files:
        if entry.size > SMALLEST_PART:
            for upload in _unfinished(objects, f"{prefix}{entry.path}"):
                objects.abort(upload)


def abort_left_behind(objects: ObjectStore, prefix: str, content: Content) -> None:
    """Abort what a run has left behind that was killed right after it had committed the version.

    One listing; a key that may not list or abort uploads leaves them to the bucket's own rule.
    """
    keys = {f"{prefix}{entry.path}" for entry in content.files}
    with suppress(StoreRefused):
        for upload in [upload for upload in objects.open_uploads(prefix) if upload.key in keys]:
            objects.abort(upload)


class _Sending:
    """All files of one upload: small ones have a quarter of the threads to themselves, and what large ones leave."""

    def __init__(
        self, transfer: Transfer, sources: Mapping[str, ByteSource], present: Mapping[str, ListedObject]
    ) -> None:
        self._transfer, self._sources, self._present = transfer, sources, present
        self._receipts: list[FileReceipt] = []

    def send(self, small: Mapping[str, FileEntry], large: Mapping[str, FileEntry]) -> list[FileReceipt]:
        """Send them; the receipts are in no order."""
        transfer, queue = self._transfer, SmallQueue(self._transfer, small, self._sources, self._present)
        all_at_once = min(transfer.small_at_once, len(small))
        first = min(all_at_once, max(1, transfer.concurrency // 4)) if large else all_at_once
        sending = queue.send(first, alone=not large)
        files = min(len(large), _MOST_LARGE_FILES, max(1, transfer.concurrency // 2))
        with ThreadPoolExecutor(max(1, files), thread_name_prefix="file") as pool:
            whole = [pool.submit(self._send_large, key, entry) for key, entry in large.items()]
            try:
                wait(whole)
            except BaseException:
                # Interrupted: or the pool would wait for all of it.
                transfer.stop()
                raise
        sending += queue.send(all_at_once - first if queue.waiting else 0, alone=True)
        wait(sending)
        failures = [error for future in [*whole, *sending] if (error := future.exception()) is not None]
        for error in failures:
            if not isinstance(error, TransferStopped):
                raise error
        if failures:
            raise failures[0]
        return self._receipts + queue.receipts

    def _send_large(self, key: str, entry: FileEntry) -> None:
        transfer = self._transfer
        if transfer.stopped:
            raise TransferStopped
        try:
            found = _unfinished(transfer.objects, key)
            self._receipts.append(
                send_large(transfer, key, self._sources[entry.path], entry, self._present.get(key), found)
            )
        except BaseException:
            transfer.stop()
            raise


def _unfinished(objects: ObjectStore, key: str) -> list[OpenUpload]:
    """Return the open uploads of one key. MinIO lists those of a whole key alone, never those under a prefix."""
    return [upload for upload in objects.open_uploads(key) if upload.key == key]


def _leftovers(objects: ObjectStore, strays: Sequence[ListedObject]) -> list[str]:
    """Return the keys of strays that an earlier attempt wrote; refuse those that this package did not write."""
    own = own_keys(objects, strays)
    foreign = sorted({stray.key for stray in strays}.difference(own))
    if foreign:
        shown = ", ".join(foreign[:_MOST_SHOWN]) + (" ..." if len(foreign) > _MOST_SHOWN else "")
        raise ModelstoreError(
            f"{len(foreign)} objects that are no part of the artifact lie where its version belongs, and a pod would "
            f"download them with it: {shown}",
            on=objects.url(foreign[0]),
            remedy="Remove them or choose another version",
        )
    return own


def own_keys(objects: ObjectStore, found: Sequence[ListedObject]) -> list[str]:
    """Return the keys of those objects that this package wrote as files of a version."""
    heads = ((item.key, objects.head(item.key)) for item in found)
    return [key for key, head in heads if head is not None and SHA256_METADATA in head.metadata]


def _settle(objects: ObjectStore, prefix: str, receipts: Sequence[FileReceipt]) -> None:
    """Look once more at what lies there: another upload of the same version may have written in between."""
    expected = {f"{prefix}{receipt.path}": (receipt.etag, receipt.size) for receipt in receipts}
    found = {item.key: (item.etag, item.size) for item in objects.list(prefix)}
    if found != expected:
        raise other_writer(objects.url(min(key for key, _ in found.items() ^ expected.items())))
