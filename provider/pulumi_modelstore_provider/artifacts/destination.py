"""The folder that a version is downloaded into: what is there already, and why files could not go there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache
from pulumi_modelstore_provider.artifacts.digests import SourceFile, digest_files
from pulumi_modelstore_provider.artifacts.file_names import nesting_problems, path_problems
from pulumi_modelstore_provider.artifacts.partial_file import JOURNAL_SUFFIX, PART_SUFFIX, PREFIX, on_disk
from pulumi_modelstore_provider.artifacts.sizes import human_size
from pulumi_modelstore_provider.errors import DestinationUnusable, ModelstoreError

_MOST_SHOWN = 20


def refuse_names(content: Content, url: str) -> None:
    """Raise ModelstoreError for a manifest with paths that can be no files, or files outside of the folder."""
    paths = [entry.path for entry in content.files]
    problems = [f"{path!r}: {problem}" for path in paths for problem in path_problems(path)]
    problems += nesting_problems(paths)
    if problems:
        raise ModelstoreError(
            f"The version holds names that cannot be files here: {'; '.join(problems[:_MOST_SHOWN])}",
            on=url,
            remedy="Nothing was written. Who wrote this manifest? This package writes no such names",
        )


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Create the folder and keep other downloads out of it. Raises DestinationUnusable where one is under way."""
    with on_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            problem = "another download into it is under way"
            raise DestinationUnusable(str(folder), [problem], remedy="Wait for it, or choose another folder") from None
        except OSError:
            # A file system without locks.
            pass
        yield
    finally:
        os.close(descriptor)


def present_files(folder: Path, content: Content, *, overwrite: bool) -> set[str]:
    """Return the paths of files that are there with the very content, by the digest cache where it knows them.

    Raises DestinationUnusable, with all reasons: a folder where a file belongs, a link that leads outside, files of
    other content unless `overwrite`, names that are one on this file system, too little room.
    """
    problems = _name_clashes(folder, content)
    same_size: list[SourceFile] = []
    others: list[str] = []
    inside, fine = os.path.realpath(folder), set[str]()
    for entry in content.files:
        above = entry.path.rpartition("/")[0]
        if above not in fine and (problem := _parent_problem(folder, inside, entry)):
            problems.append(problem)
            continue
        fine.add(above)
        target = f"{folder}/{entry.path}"
        try:
            # Not as a path, which costs as much as the call: there are thousands.
            status = os.lstat(target)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISDIR(status.st_mode):
            problems.append(f"{entry.path!r} is a folder there")
        elif stat.S_ISREG(status.st_mode) and status.st_size == entry.size:
            same_size.append(SourceFile(entry.path, os.path.realpath(target), entry.size))
        else:
            others.append(entry.path)
    digests = digest_files(same_size, DigestCache())[0]
    wanted = content.digests
    present = {path for path, digest in digests.items() if wanted[path] == digest}
    others += [file.path for file in same_size if file.path not in present]
    if others and not overwrite:
        problems.append(f"files of other content are there: {_few(others)}")
    problems = problems or _room(folder, [entry for entry in content.files if entry.path not in present])
    if problems:
        remedy = "Choose an empty folder" + (", or pass --overwrite to replace the files" if others else "")
        raise DestinationUnusable(str(folder), problems[:_MOST_SHOWN], remedy=remedy)
    return present


def remove_leftovers(folder: Path, content: Content) -> None:
    """Remove what downloads of other content, cut off in the same folders, have left there."""
    for parent in _folders(folder, content.files):
        for suffix in (PART_SUFFIX, JOURNAL_SUFFIX):
            for left in parent.glob(f"{PREFIX}*{suffix}"):
                with contextlib.suppress(OSError):
                    left.unlink()


def _folders(folder: Path, files: Sequence[FileEntry]) -> list[Path]:
    return [folder / above for above in {entry.path.rpartition("/")[0] for entry in files}]


def _parent_problem(folder: Path, inside: str, entry: FileEntry) -> str | None:
    above = folder
    for segment in entry.path.split("/")[:-1]:
        above = above / segment
        if above.is_symlink():
            real = os.path.realpath(above)
            if real != inside and not real.startswith(inside.rstrip("/") + "/"):
                return f"{entry.path!r} would be written to {real}, outside of it, through a link"
        if above.exists() and not above.is_dir():
            return f"{str(above.relative_to(folder))!r} is a file there, and the folder of {entry.path!r}"
    return None


def _name_clashes(folder: Path, content: Content) -> list[str]:
    """Paths that are the same to this file system, where it does not tell upper from lower case."""
    alike: dict[str, list[str]] = defaultdict(list)
    for entry in content.files:
        alike[unicodedata.normalize("NFC", entry.path).casefold()].append(entry.path)
    clashes = [paths for paths in alike.values() if len(paths) > 1]
    if not clashes or not _is_blind_to_case(folder):
        return []
    return [f"{' and '.join(map(repr, paths))} are one name on this file system" for paths in clashes]


def _is_blind_to_case(folder: Path) -> bool:
    probe = folder / f"{PREFIX}Case{PART_SUFFIX}"
    with on_disk(probe):
        probe.touch()
        try:
            return probe.with_name(probe.name.lower()).exists()
        finally:
            probe.unlink(missing_ok=True)


def _room(folder: Path, missing: Sequence[FileEntry]) -> list[str]:
    begun = sum(
        left.stat().st_blocks * 512
        for parent in _folders(folder, missing)
        for left in parent.glob(f"{PREFIX}*{PART_SUFFIX}")
    )
    needed, free = sum(entry.size for entry in missing) - begun, shutil.disk_usage(folder).free
    if needed <= free:
        return []
    return [f"its disk has {human_size(free)} free, and {human_size(needed)} are needed"]


def _few(paths: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(sorted(paths)[:most])
    return f"{shown} and {len(paths) - most} more" if len(paths) > most else shown
