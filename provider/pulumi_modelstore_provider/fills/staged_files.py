"""Digests of what a source has brought, and the way from staging to where pods read."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.content_record import ContentRecord, Listing, size_of, sync_folder

_CHUNK = 4 << 20
_READERS = 4


def files_below(folder: Path, *, without: str = "") -> Iterator[str]:
    """Paths of the regular files below a folder, relative with forward slashes; not those in its subfolder `without`.

    Raises ModelstoreError at a link, for it may lead out of the volume.
    """
    for above, folders, names in os.walk(folder):
        place = Path(above)
        if place == folder and without in folders:
            folders.remove(without)
        for name in [*names, *(name for name in folders if (place / name).is_symlink())]:
            path = place / name
            if path.is_symlink() or not path.is_file():
                raise ModelstoreError(
                    "The source brought something that is no regular file", on=str(path),
                    remedy="Leave it out of the source, or put the file itself in its place",
                )  # fmt: skip
            yield path.relative_to(folder).as_posix()


def digest_of(path: Path) -> str:
    """`sha256:<hex>` of a file, which is on the disk, not only in memory, afterwards."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
        os.fsync(file.fileno())
    return f"sha256:{whole.hexdigest()}"


def digest_staged(folder: Path, paths: list[str]) -> Content:
    """The content in staging, read back from the volume."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="digest") as pool:
        digests = pool.map(lambda path: digest_of(folder / path), paths)
        entries = [
            FileEntry(path, (folder / path).stat().st_size, digest) for path, digest in zip(paths, digests, strict=True)
        ]
    return Content(tuple(entries))


def publish(record: ContentRecord, listing: Listing, check: Callable[[], None]) -> None:
    """Remove files of the former fill that are no part of it any more, and move what is staged to its place.

    Can be repeated after a crash at any point. `check` raises when another process has taken over. Files that no fill
    brought stay as they are, unless one of the fill has the same path.
    """
    former = record.listing()
    kept = {entry.path for entry in listing.content.files}
    for entry in former.content.files if former is not None else ():
        if entry.path not in kept:
            check()
            remove_file(record.folder, entry.path)
    for entry in listing.content.files:
        check()
        staged, place = record.staging / entry.path, record.folder / entry.path
        if size_of(staged) == entry.size:
            place.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(place)
            sync_folder(place.parent)
        elif size_of(place) != entry.size:
            raise ModelstoreError(
                "A file of the fill has gone from the volume while it was filled", on=str(place),
                remedy="Let nothing else write there, and run the fill again",
            )  # fmt: skip
    shutil.rmtree(record.staging, ignore_errors=True)


def remove_file(folder: Path, path: str) -> None:
    """Remove a file, and the folders above it that are empty then."""
    place = folder / path
    if place.is_file() or place.is_symlink():
        place.unlink()
    for above in list(Path(path).parents)[:-1]:
        try:
            (folder / above).rmdir()
        except OSError:
            return
