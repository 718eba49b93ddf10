"""What a folder of a volume holds: the fill's own records, and the mark that says that it is complete."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.fills.lease import last_begun

STATE_FOLDER = ".modelstore"
"""Folder beside the model's files with everything that is the fill's own."""
MARK = "complete.json"
"""Name of the completion mark in it: written last, removed first."""
_LISTING = "files.json"
_PUBLISHING = "publishing.json"


@dataclass(frozen=True)
class Listing:
    """Files of a fill, and the identity of the source that they are of."""

    identity: str
    content: Content

    def to_json(self) -> str:
        """Return the listing's text."""
        files = [{"path": e.path, "size": e.size, "digest": e.digest} for e in self.content.files]
        return json.dumps({"schemaVersion": 1, "identity": self.identity, "files": files}, indent=1) + "\n"


class ContentRecord:
    """The records of one folder. Each is written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / STATE_FOLDER
        self.staging = self.state / "incoming"
        self.leases = self.state / "lease"

    def is_complete(self, identity: str) -> bool:
        """Whether the mark is there, of that source, and its files are there with their sizes."""
        mark = _read(self.state / MARK)
        if mark is None or mark.get("identity") != identity:
            return False
        if mark.get("lease", 0) < last_begun(self.leases):
            # Written late, by a process that another one had taken over from.
            return False
        listing = self.listing()
        return listing is not None and listing.identity == identity and self.holds(listing.content.files)

    def holds(self, files: Sequence[FileEntry]) -> bool:
        """Whether all of them are there with their sizes."""
        return all(size_of(self.folder / entry.path) == entry.size for entry in files)

    def listing(self) -> Listing | None:
        """The files that the last completed fill brought."""
        return _listing(self.state / _LISTING)

    def publishing(self) -> Listing | None:
        """The files that are on their way from staging to their places."""
        return _listing(self.state / _PUBLISHING)

    def unmark(self) -> None:
        """Say that the folder is not complete."""
        (self.state / MARK).unlink(missing_ok=True)
        sync_folder(self.state)

    def absorb(self) -> None:
        """Count files of another fill that was cut off on the way to their places among those to be replaced."""
        cut_off, former = self.publishing(), self.listing()
        if cut_off is None:
            return
        entries = {entry.path: entry for entry in former.content.files} if former is not None else {}
        entries.update({entry.path: entry for entry in cut_off.content.files})
        write_whole(self.state / _LISTING, Listing("", Content(tuple(entries.values()))).to_json())
        (self.state / _PUBLISHING).unlink(missing_ok=True)

    def begin_publishing(self, listing: Listing) -> None:
        """Record what is complete in staging and about to be moved."""
        write_whole(self.state / _PUBLISHING, listing.to_json())

    def complete(self, listing: Listing, *, lease: int) -> None:
        """Record the files and then, last, the mark, with the number of the lease under which they came."""
        write_whole(self.state / _LISTING, listing.to_json())
        (self.state / _PUBLISHING).unlink(missing_ok=True)
        content = listing.content
        mark = {
            "schemaVersion": 1,
            "identity": listing.identity,
            "digest": content.tree_digest,
            "files": len(content.files),
            "bytes": content.total_bytes,
            "lease": lease,
        }
        write_whole(self.state / MARK, json.dumps(mark, indent=1) + "\n")


def size_of(path: Path) -> int:
    """The size of a regular file, -1 where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return -1
    return found.st_size if path.is_file() and not path.is_symlink() else -1


def write_whole(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a crash, finds the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have a folder's names survive a crash, on file systems that can promise it."""
    if not folder.is_dir():
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _listing(path: Path) -> Listing | None:
    document = _read(path)
    try:
        if document is None or document["schemaVersion"] != 1:
            return None
        entries = [FileEntry(str(item["path"]), int(item["size"]), str(item["digest"])) for item in document["files"]]
        return Listing(str(document["identity"]), Content(tuple(entries)))
    except (KeyError, TypeError, ValueError):
        return None
