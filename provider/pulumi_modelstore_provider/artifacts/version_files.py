"""Brings all files of a version into its place in the bucket; the version does not exist until it is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.copying import copy_within_store
from pulumi_modelstore_provider.artifacts.large_files import send_large
from pulumi_modelstore_provider.artifacts.parts import plan_parts
from pulumi_modelstore_provider.artifacts.small_files import other_writer, send_small
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt, Transfer, TransferStopped
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.progress import TransferProgress
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore, OpenUpload

_MOST_SHOWN = 5


def send_files(
    objects: ObjectStore,
    prefix: str,
    content: Content,
    sources: Mapping[str, ByteSource],
    *,
    urn: str,
    refuse_if_committed: Callable[[], None],
    settings: TransferSettings,
) -> list[FileReceipt]:
    """Send what is not there yet, verify all of it, and leave nothing else under `prefix`.

    `sources` gives the file of each path; `refuse_if_committed` raises when somebody else has committed the version.
    Leftovers of an earlier attempt under the prefix are removed; objects that are not of this package are refused with
    ModelstoreError before anything is sent. Raises what the sending of a file raises, the first failure first.
    """
    keys = {f"{prefix}{entry.path}": entry for entry in content.files}
    present = {item.key: item for item in objects.list(prefix)}
    leftovers = _leftovers(objects, [item for key, item in present.items() if key not in keys])
    plans = [plan_parts(entry.size) for entry in content.files]
    largest_part = max(min(plan.part_size, max(1, plan.size)) for plan in plans)
    progress = TransferProgress(urn, "uploading", content.total_bytes)
    with Transfer(
        objects,
        progress,
        largest_part=largest_part,
        refuse_if_committed=refuse_if_committed,
        workers=settings.concurrency,
    ) as transfer:
        copied = copy_within_store(
            objects, keys, sources, present, progress=progress, refuse_if_committed=refuse_if_committed
        )
        there = {receipt.path for receipt in copied}
        rest = {key: entry for key, entry in keys.items() if entry.path not in there}
        receipts = copied + _send_all(transfer, rest, sources, present)
    if leftovers:
        objects.delete(leftovers)
    _settle(objects, prefix, receipts)
    return receipts


def abort_unfinished(objects: ObjectStore, prefix: str, content: Content) -> None:
    """Abort uploads that were begun for files of this version and are of no use any more."""
    for entry in content.files:
        if plan_parts(entry.size).count > 1:
            for upload in _unfinished(objects, f"{prefix}{entry.path}"):
                objects.abort(upload)


def _send_all(
    transfer: Transfer,
    keys: Mapping[str, FileEntry],
    sources: Mapping[str, ByteSource],
    present: Mapping[str, ListedObject],
) -> list[FileReceipt]:
    small: list[Future[FileReceipt]] = []
    receipts: list[FileReceipt] = []
    failures: list[BaseException] = []
    large = [(key, entry) for key, entry in keys.items() if plan_parts(entry.size).count > 1]
    try:
        for key, entry in keys.items():
            if plan_parts(entry.size).count == 1:
                transfer.reserve()
                small.append(transfer.submit(send_small, transfer, key, sources[entry.path], entry, present.get(key)))
        for key, entry in large:
            found = _unfinished(transfer.objects, key)
            receipts.append(send_large(transfer, key, sources[entry.path], entry, present.get(key), found))
    except (ModelstoreError, TransferStopped, OSError) as failure:
        transfer.stop()
        failures.append(failure)
    for future in small:
        error = future.exception()
        if error is None:
            receipts.append(future.result())
        else:
            failures.append(error)
    for error in failures:
        if not isinstance(error, TransferStopped):
            raise error
    return receipts


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
    for key in expected.keys() | found.keys():
        if expected.get(key) != found.get(key):
            raise other_writer(objects.url(key))
