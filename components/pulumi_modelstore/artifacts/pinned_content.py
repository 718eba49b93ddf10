"""What an artifact consists of: read where its sources are, or taken from the lock file where they are not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.configuration import configured
from pulumi_modelstore.artifacts.lock_file import ProgramLock
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.file_names import nesting_problems
from pulumi_modelstore_provider.artifacts.lock_entries import LockedSource
from pulumi_modelstore_provider.artifacts.sources.reading import read_sources
from pulumi_modelstore_provider.artifacts.sources.settings import LocalFiles, SourceSettings
from pulumi_modelstore_provider.errors import InvalidSource, SourceUnavailable


@dataclass(frozen=True)
class PinnedContent:
    """The files of all sources together, and each source with what of it is pinned.

    Args:
        content: the files; none where it cannot be told what they are.
        sources: each source, for the lock file.
        absent: sources that are not at hand here; the lock file stands in for them.
    """

    content: Content
    sources: tuple[LockedSource, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass
class _Found:
    sources: list[LockedSource] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def pinned_content(
    check: ArgumentCheck, sources: Sequence[SourceSettings], lock: ProgramLock, namespace: Any
) -> PinnedContent:
    """Read all sources, keeping to what the lock file says of them; `check` takes up why that cannot be done.

    A local path is read whenever it is there. What is elsewhere, a hub's branch say, stays at what was recorded of the
    same settings, without asking there, until the lock file is refreshed.
    """
    if lock.problem is not None:
        check.extend([lock.problem])
    if not sources or lock.problem is not None:
        return PinnedContent(Content(()))
    recorded = lock.find(getattr(namespace, "given_name", ""), check.name)
    found = _Found()
    known = list(recorded.sources) if recorded is not None else []
    for source in sources:
        declared = portable(source, lock.folder)
        before = next((entry for entry in known if entry.declared == declared), None)
        if before is not None and not lock.refresh and not isinstance(source, LocalFiles):
            found.sources.append(before)
        else:
            _read(found, source, declared, before, lock)
    if not found.problems:
        found.problems += _clashes(found.sources)
    if found.problems:
        check.extend(found.problems)
        return PinnedContent(Content(()))
    entries = tuple(entry for one in found.sources for entry in one.content.files)
    content = Content(entries, ignored=tuple(found.ignored))
    return PinnedContent(content, tuple(found.sources), tuple(found.absent))


def _read(
    found: _Found,
    source: SourceSettings,
    declared: Mapping[str, Any],
    before: LockedSource | None,
    lock: ProgramLock,
) -> None:
    try:
        reading = read_sources([source], base=lock.folder, config=configured, tell=pulumi.log.info)
    except SourceUnavailable as absence:
        if before is not None and not lock.refresh:
            found.sources.append(before)
            found.absent.append(str(source))
            return
        remedy = "" if lock.refresh else f"{lock.path.name} does not say what it consists of either"
        found.problems += [Problem("source", f"{str(source)!r}: {text}", remedy) for text in absence.problems]
        return
    except InvalidSource as invalid:
        found.problems += [Problem("source", f"{str(source)!r}: {text}") for text in invalid.problems]
        return
    pinned = reading.pinned[0]
    found.sources.append(LockedSource(declared, portable(pinned, lock.folder), reading.content))
    found.ignored += reading.content.ignored


def _clashes(sources: Sequence[LockedSource]) -> list[Problem]:
    entries: dict[str, FileEntry] = {}
    found = []
    for number, source in enumerate(sources):
        for entry in source.content.files:
            if entry.path in entries:
                remedy = "Give one of them a folder of its own with into, or leave the file out with ignore"
                found.append(Problem(f"source[{number}]", f"brings {entry.path!r}, as one before it does", remedy))
            entries[entry.path] = entry
    return found + [Problem("source", text) for text in nesting_problems(list(entries))]


def portable(source: SourceSettings, folder: Path) -> dict[str, Any]:
    """The settings as the lock file holds them: the same for the same program in another checkout.

    An absolute path in the program's folder or its repository counts from the program's folder, one in the user's home
    from there; only others stay as they are.
    """
    settings = source.to_inputs()
    if isinstance(source, LocalFiles):
        settings["path"] = _portable_path(source.path, folder)
    return settings


def _portable_path(path: str, folder: Path) -> str:
    given = Path(path)
    if not given.is_absolute():
        return path
    repository = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
    if given.is_relative_to(repository) or given.is_relative_to(folder):
        return Path(os.path.relpath(given, folder)).as_posix()
    if given.is_relative_to(Path.home()):
        return f"~/{given.relative_to(Path.home()).as_posix()}"
    return path


def upload_source(sources: Sequence[SourceSettings], pinned: Sequence[LockedSource]) -> str | list[dict[str, Any]]:
    """What the upload is to read: a lone path as it was given, else every source as it is pinned."""
    if len(sources) == 1 and isinstance(sources[0], LocalFiles) and not sources[0].into:
        return sources[0].path
    return [
        source.to_inputs() if isinstance(source, LocalFiles) else dict(one.pinned)
        for source, one in zip(sources, pinned, strict=True)
    ]
