"""Downloads a file that fits into one part: one request, one write, and its name when the digest is right."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.partial_file import on_disk, part_path
from pulumi_modelstore_provider.errors import DownloadCorrupted

_TRIES = 2
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW


def download_small(
    fetch: Callable[[memoryview], None], target: Path, entry: FileEntry, room: Scratch, *, url: str
) -> None:
    """Fill a buffer by `fetch`, and write it to `target`.

    Raises DownloadCorrupted where the bytes are not what the digest says, also when they are fetched once more.
    """
    body = room.of(entry.size)
    found = ""
    for _ in range(_TRIES):
        if body:
            fetch(body)
        found = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if found == entry.digest:
            _write(target, entry, body)
            return
    raise corrupted(url, found, entry.digest)


def _write(target: Path, entry: FileEntry, body: memoryview) -> None:
    part = str(part_path(target, entry))
    with on_disk(target):
        try:
            descriptor = os.open(part, _FRESH, 0o666)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, _FRESH, 0o666)
        try:
            while body:
                body = body[os.write(descriptor, body) :]
        finally:
            os.close(descriptor)
        os.replace(part, target)  # noqa: PTH105 - a path costs as much as the call, and there are thousands


def corrupted(url: str, found: str, expected: str) -> DownloadCorrupted:
    """Return the error for an object whose bytes, read twice, are not what the manifest says."""
    return DownloadCorrupted(
        f"The store's object has the digest {found}, and the manifest says {expected}",
        on=url,
        remedy="Run modelstore artifacts verify; restore the object, or upload the version again where its files are",
    )
