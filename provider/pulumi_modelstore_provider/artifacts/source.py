"""Reads a folder or a single file as the content of a version, and finds everything in it that will not do.

Ignored are `.git`, `.cache/huggingface` (what `hf download --local-dir` notes for itself) and `.DS_Store`; every other
file belongs to the artifact, hidden or not.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache
from pulumi_modelstore_provider.artifacts.digests import SourceFile, digest_files
from pulumi_modelstore_provider.artifacts.file_names import path_problems
from pulumi_modelstore_provider.errors import InvalidSource

_IGNORED_NAMES = frozenset({".git", ".DS_Store"})
_IGNORED_PATHS = frozenset({".cache/huggingface"})
_MOST_PROBLEMS_SHOWN = 50


@dataclass(slots=True)
class Listing:
    """What a walk through a source found."""

    files: list[SourceFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def locate(path: str | Path, *, base: Path) -> Path:
    """Return where a source lies: `~` expanded, a relative path taken from `base`."""
    return base / Path(path).expanduser()


def read_source(path: str | Path, *, base: Path, cache: DigestCache | None = None) -> Content:
    """Read a folder, or a single file, as the content of a version; unchanged files are not read again.

    A relative `path` counts from `base`. Raises InvalidSource with all problems at once: missing or empty, a file that
    cannot be read, a link that leaves the folder or goes in a circle, something that is no file (a socket, a device), a
    name that no object or no file can have, a file that changes while it is read.
    """
    return scan(path, base=base, cache=cache)[0]


def scan(
    path: str | Path, *, base: Path, cache: DigestCache | None = None, taken: Mapping[str, str] | None = None
) -> tuple[Content, Listing]:
    """Do what `read_source` does, and also return where the files lie; `taken` as of `digest_files`."""
    listing = list_source(path, base=base)
    digests, unreadable = digest_files(listing.files, cache if cache is not None else DigestCache(), taken=taken)
    problems = listing.problems + unreadable
    if problems:
        raise InvalidSource(str(path), _shortened(problems))
    files = tuple(FileEntry(file.path, file.size, digests[file.path]) for file in listing.files)
    return Content(files, ignored=tuple(listing.ignored)), listing


def list_source(path: str | Path, *, base: Path) -> Listing:
    """Walk through a source without reading any file; problems are in the result, nothing is raised."""
    listing = Listing()
    if not str(path).strip():
        listing.problems.append("no path is given")
        return listing
    root = locate(path, base=base)
    try:
        status = root.stat()
    except FileNotFoundError:
        hint = "" if Path(path).is_absolute() else f" (looked for {root})"
        listing.problems.append(f"there is no such file or folder{hint}")
        return listing
    except (OSError, ValueError) as error:
        # ValueError: a NUL byte in the path.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        listing.problems.append(f"it cannot be looked at: {reason}")
        return listing
    if stat.S_ISDIR(status.st_mode):
        real = os.path.realpath(root)
        _walk(real, "", real, (real,), listing)
        if not listing.files and not listing.problems:
            listing.problems.append("the folder holds no file" + (" that counts" if listing.ignored else ""))
    else:
        _add(root.name, os.path.realpath(root), status, listing)
    listing.files.sort(key=attrgetter("path"))
    return listing


def _walk(folder: str, above: str, root: str, ancestors: tuple[str, ...], listing: Listing) -> None:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=attrgetter("name"))
    except OSError as error:
        listing.problems.append(f"the folder {above.rstrip('/') or '.'!r} cannot be listed: {error.strerror}")
        return
    for entry in entries:
        path = f"{above}{entry.name}"
        if entry.name in _IGNORED_NAMES or path in _IGNORED_PATHS:
            listing.ignored.append(path)
            continue
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        if entry.is_symlink() and not _is_within(real, root):
            listing.problems.append(
                f"{path!r} is a link to {real}, outside the folder; make the copy real, with 'cp -rL' or "
                "'hf download --local-dir'"
            )
            continue
        try:
            status = entry.stat()
        except OSError as error:
            what = "a link that points nowhere" if entry.is_symlink() else f"not to be looked at: {error.strerror}"
            listing.problems.append(f"{path!r} is {what}")
            continue
        if not stat.S_ISDIR(status.st_mode):
            _add(path, real, status, listing)
        elif real in ancestors:
            listing.problems.append(f"{path!r} is a link to a folder that it lies in; remove the link")
        else:
            _walk(real, f"{path}/", root, (*ancestors, real), listing)


def _add(path: str, real: str, status: os.stat_result, listing: Listing) -> None:
    problems = path_problems(path)
    if not stat.S_ISREG(status.st_mode):
        problems.append(f"it is {_kind(status.st_mode)}, not a file")
    if problems:
        shown = path.encode("utf-8", "backslashreplace").decode("utf-8")
        listing.problems += [f"{shown!r}: {problem}" for problem in problems]
    else:
        listing.files.append(SourceFile(path, real, status.st_size))


def _is_within(real: str, root: str) -> bool:
    return real == root or real.startswith(root.rstrip("/") + "/")


def _kind(mode: int) -> str:
    kinds = {stat.S_IFSOCK: "a socket", stat.S_IFIFO: "a pipe", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}
    return kinds.get(stat.S_IFMT(mode), "something else")


def _shortened(problems: Sequence[str]) -> list[str]:
    if len(problems) <= _MOST_PROBLEMS_SHOWN:
        return list(problems)
    return [*problems[:_MOST_PROBLEMS_SHOWN], f"and {len(problems) - _MOST_PROBLEMS_SHOWN} more of that kind"]
