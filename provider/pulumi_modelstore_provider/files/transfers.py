"""Whole folders to a volume and back: what changed, in order, with every digest compared at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_modelstore_provider.artifacts.content import Content
from pulumi_modelstore_provider.artifacts.file_names import path_problems
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.errors import InvalidSource, ModelstoreError
from pulumi_modelstore_provider.files.session import Entry, FileSession, FilesRefused
from pulumi_modelstore_provider.fills.content_record import STATE_FOLDER

Advance = Callable[[int, bool], None]
"""Told bytes that are through, and whether they were moved now."""


@dataclass
class Outcome:
    """What a transfer did: paths that were brought, that were there already, and that were removed."""

    moved: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def local_content(source: Path) -> Content:
    """The files of a path of this machine with their digests, from the cache where it knows them.

    Raises InvalidSource with everything that is wrong.
    """
    if not source.exists():
        raise InvalidSource(str(source), ["it is not there"])
    return read_source(source, base=Path.cwd())


def upload(
    session: FileSession, source: Path, folder: str, content: Content, *, advance: Advance, mirror: bool = False
) -> Outcome:
    """Bring files into a folder of the volume; those that are there with the same content stay as they are.

    Args:
        session: of the volume.
        source: file or folder; a file keeps its name.
        folder: where to, in the volume.
        content: of the source, as `local_content` gives it.
        advance: told how far it is.
        mirror: remove what is in the folder and not in the source, afterwards.

    Raises:
        FilesRefused: what the volume answers, such as that it is full.
        ModelstoreError: where a digest is another at the end.
    """
    outcome = Outcome()
    session.make_folder(folder, parents=True)
    for entry in content.files:
        place = source / entry.path if source.is_dir() else source
        brought = session.upload(place, _join(folder, entry.path), entry.digest, advance=advance)
        (outcome.moved if brought else outcome.kept).append(entry.path)
    there = session.list(folder, recursive=True, digests=not mirror)
    if mirror:
        outcome.removed = _remove_others(session, folder, there, set(content.digests))
        there = session.list(folder, recursive=True, digests=True)
    found = {entry.path: entry.digest for entry in there}
    wrong = [path for path, digest in content.digests.items() if found.get(path) != digest]
    if wrong:
        raise ModelstoreError(
            f"{len(wrong)} files are not in the volume as they are here: {', '.join(wrong[:5])}",
            on=f"{session.volume}:{folder}", remedy="Let nothing else write there, and upload again",
        )  # fmt: skip
    return outcome


def download(session: FileSession, path: str, target: Path, *, advance: Advance) -> Outcome:
    """Bring a file or a folder of the volume into a folder here; files of the same content stay as they are.

    Raises FilesRefused where the path is not there, and ModelstoreError for names that cannot be files here.
    """
    outcome = Outcome()
    entries = [entry for entry in session.list(path, recursive=True, digests=True) if entry.type == "file"]
    single = session.type_of(path) == "file"
    for entry in entries:
        if problems := path_problems(entry.path):
            raise ModelstoreError(
                f"{entry.path!r} cannot be a file here: {'; '.join(problems)}", on=f"{session.volume}:{path}"
            )
    for entry in entries:
        there = path if single else _join(path, entry.path)
        brought = session.download(there, target / entry.path, entry, advance=advance)
        (outcome.moved if brought else outcome.kept).append(entry.path)
    return outcome


def remove_files(session: FileSession, folder: str, paths: set[str]) -> int:
    """Remove those of the files that are there, and folders that are empty then; returns how many there were."""
    removed = 0
    for path in sorted(paths):
        if session.type_of(_join(folder, path)) in ("file", "other"):
            session.remove(_join(folder, path))
            removed += 1
    for above in sorted({above for path in paths for above in _above(path)}, reverse=True):
        with contextlib.suppress(FilesRefused):
            # Something else is in it.
            session.remove(_join(folder, above))
    return removed


def _remove_others(session: FileSession, folder: str, there: list[Entry], wanted: set[str]) -> list[str]:
    kept_folders = {above for path in wanted for above in _above(path)}
    removed: list[str] = []
    for entry in there:
        if entry.path in wanted or entry.path in kept_folders or entry.path.split("/")[0] == STATE_FOLDER:
            continue
        if any(entry.path.startswith(f"{folder_there}/") for folder_there in removed):
            continue
        session.remove(_join(folder, entry.path), recursive=True)
        removed.append(entry.path)
    return removed


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _join(folder: str, path: str) -> str:
    return f"{folder.strip('/')}/{path}".lstrip("/")
