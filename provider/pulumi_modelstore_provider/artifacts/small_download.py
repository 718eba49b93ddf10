"""Downloads a file that fits into one part: one request, one write, and its name when the digest is right."""

from __future__ import annotations

import hashlib
import os

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.pacing import Pacing
from pulumi_modelstore_provider.artifacts.partial_file import on_disk, part_name
from pulumi_modelstore_provider.errors import DownloadCorrupted
from pulumi_modelstore_provider.stores.protocol import ObjectStore
from pulumi_modelstore_provider.stores.started import Started

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW


def start_download(
    objects: ObjectStore, key: str, folder: str, entry: FileEntry, room: Scratch, *, etag: str, pacing: Pacing
) -> Started[FileEntry]:
    """Ask for the object; `finish` writes it to its place in `folder`, and until then `room` belongs to it.

    Raises DownloadCorrupted where the bytes are not what the digest says, also when they are fetched once more.
    """
    body = room.of(entry.size)
    pacing.take(entry.size)
    started = objects.start_read(key, body, etag=etag)

    def finish() -> FileEntry:
        started.finish()
        if _digest(body) != entry.digest:
            # Damaged on its way, perhaps.
            pacing.take(entry.size)
            objects.read_into(key, 0, body, etag=etag)
            if (found := _digest(body)) != entry.digest:
                raise corrupted(objects.url(key), found, entry.digest)
        _write(folder, entry, body)
        return entry

    return Started(finish, started.answered_on)


def _digest(body: memoryview) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _write(folder: str, entry: FileEntry, body: memoryview) -> None:
    # Texts, where paths would cost as much as the calls: there are thousands.
    target = f"{folder}/{entry.path}"
    above = target.rpartition("/")[0]
    part = f"{above}/{part_name(entry)}"
    with on_disk(target):
        try:
            descriptor = os.open(part, _FRESH, 0o666)
        except FileNotFoundError:
            os.makedirs(above, exist_ok=True)  # noqa: PTH103
            descriptor = os.open(part, _FRESH, 0o666)
        try:
            while body:
                body = body[os.write(descriptor, body) :]
        finally:
            os.close(descriptor)
        os.replace(part, target)  # noqa: PTH105


def corrupted(url: str, found: str, expected: str) -> DownloadCorrupted:
    """Return the error for an object whose bytes, read twice, are not what the manifest says."""
    return DownloadCorrupted(
        f"The store's object has the digest {found}, and the manifest says {expected}",
        on=url,
        remedy="Run modelstore artifacts verify; restore the object, or upload the version again where its files are",
    )
