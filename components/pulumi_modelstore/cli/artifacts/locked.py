"""Entries of the lock file, read anew from their sources."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulumi_modelstore.cli.deployment import project_manifest
from pulumi_modelstore.cli.stack_configuration import project_configuration

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.lock_entries import LockEntry, LockFile
    from pulumi_modelstore_provider.artifacts.sources.settings import SourceSettings
    from pulumi_modelstore_provider.credentials import ConfigLookup

lock_option = click.option(
    "--file", "given", type=click.Path(dir_okay=False, path_type=Path), help="Lock file; unset, the program's."
)


@dataclass(frozen=True)
class Reread:
    """An entry as its sources are now. `sources` lead to the very files of `entry`."""

    entry: LockEntry
    sources: tuple[SourceSettings, ...]


def lock_path(cwd: Path, given: Path | None, stack: str | None) -> Path:
    """Where the lock file is: as given, as the stack's configuration says, or beside the program."""
    from pulumi_modelstore_provider.artifacts.lock_file import LOCK_FILE
    from pulumi_modelstore_provider.errors import CredentialsUnavailable

    if given is not None:
        return given.absolute()
    manifest, name = project_manifest(cwd), LOCK_FILE
    if stack is not None:
        with contextlib.suppress(CredentialsUnavailable):
            name = str(project_configuration(cwd, stack)("modelstore:lockFile") or LOCK_FILE)
    return (cwd.absolute() if manifest is None else _program_folder(manifest)) / name


def _program_folder(manifest: Path) -> Path:
    import yaml

    try:
        main = yaml.safe_load(manifest.read_text(encoding="utf-8")).get("main")
    except (yaml.YAMLError, AttributeError, OSError):
        main = None
    folder = manifest.parent / main if isinstance(main, str) else manifest.parent
    return folder if folder.is_dir() else folder.parent


def chosen(lock: LockFile, names: Sequence[str], path: Path) -> list[LockEntry]:
    """The entries of those names, or all.

    Raises:
        click.ClickException: where a name is none's, or that of several.
    """
    found: list[LockEntry] = []
    for name in names:
        meant = lock.named(name)
        if len(meant) > 1:
            raise click.ClickException(f"{name!r} may be any of {', '.join(entry.key for entry in meant)}; write one")
        if not meant:
            known = f"it has {', '.join(lock.entries)}" if lock.entries else "it has none, or is not there"
            raise click.ClickException(
                f"{path} says nothing of an artifact {name!r}: {known}. A preview of the program, where the files are, "
                "writes it there"
            )
        found += meant
    return found if names else list(lock.entries.values())


def reread(entry: LockEntry, path: Path, *, config: ConfigLookup | None, refresh: bool) -> Reread:
    """Read the entry's sources: a local path as it is now, what is elsewhere as it is pinned unless `refresh`.

    Raises SourceUnavailable where one is not at hand, and InvalidSource where one cannot be used.
    """
    from pulumi_modelstore.artifacts.pinned_content import portable
    from pulumi_modelstore_provider.artifacts.lock_entries import LockedSource, LockEntry
    from pulumi_modelstore_provider.artifacts.sources.reading import read_sources
    from pulumi_modelstore_provider.artifacts.sources.settings import parse_sources

    recorded = [source.declared if refresh else source.pinned for source in entry.sources]
    settings = parse_sources([dict(source) for source in recorded])
    if len(settings) > 1:
        # All problems of all sources at once, and what two of them have in common.
        read_sources(settings, base=path.parent, config=config)
    locked, pinned = [], []
    for source, before in zip(settings, entry.sources, strict=True):
        reading = read_sources([source], base=path.parent, config=config)
        pinned.append(reading.pinned[0])
        locked.append(LockedSource(before.declared, portable(reading.pinned[0], path.parent), reading.content))
    again = LockEntry(entry.namespace, entry.artifact, entry.model, entry.version, tuple(locked))
    return Reread(again.after(entry, kept=entry.earlier), tuple(pinned))


def as_recorded(entry: LockEntry) -> Reread:
    """The entry as it is, for sources that are not at hand here."""
    from pulumi_modelstore_provider.artifacts.sources.settings import parse_sources

    return Reread(entry, parse_sources([dict(source.pinned) for source in entry.sources]))


def differences(before: LockEntry, after: LockEntry) -> Iterator[str]:
    """What changed, a line a file: `+` new, `~` other content, `-` gone; and pins that moved."""
    from pulumi_modelstore_provider.artifacts.sizes import human_size

    for old, new in zip(before.sources, after.sources, strict=True):
        yield from (
            f"~ {name}: {old.pinned.get(name)} -> {new.pinned.get(name)}" for name in _moved(old.pinned, new.pinned)
        )
    was, now = ({file.path: file for file in entry.content.files} for entry in (before, after))
    for path in sorted(was.keys() | now.keys(), key=lambda path: path.encode()):
        if path not in was:
            yield f"+ {path}  {_short(now[path].digest)} ({human_size(now[path].size)})"
        elif path not in now:
            yield f"- {path}  {_short(was[path].digest)} ({human_size(was[path].size)})"
        elif was[path] != now[path]:
            yield (
                f"~ {path}  {_short(was[path].digest)} ({human_size(was[path].size)}) -> "
                f"{_short(now[path].digest)} ({human_size(now[path].size)})"
            )


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _short(digest: str) -> str:
    return digest[: len("sha256:") + 12]
