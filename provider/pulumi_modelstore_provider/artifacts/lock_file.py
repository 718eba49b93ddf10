"""The lock file: which files each artifact of a program consists of, for machines where they are not at hand.

Beside them it has the commits that branches of a hub stand for, where the files themselves go elsewhere. It lies beside
the program and is committed to git. The text is the same for the same content, one line a file or commit, so that a
review shows which changed. All files are listed, however many: git is where their history is to be read.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.errors import InvalidLock

LOCK_FILE = "modelstore.lock"
"""Its name, in the program's folder."""
LOCK_SCHEMA_VERSION = 1
"""Raised when a reader of the former schema would misunderstand the new one."""

_FILE = re.compile(r"(sha256:[0-9a-f]{64}) ([0-9]{1,20})")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)
_REPLACE = "Restore it from git, or remove it and preview where the sources are at hand: that writes it anew"

Change = Literal["added", "changed"]


@dataclass(frozen=True)
class LockedSource:
    """One source of an artifact and what it consists of.

    `declared` are its settings in the program; `pinned` the same without anything that can move: a commit in the place
    of a branch. Both are plain JSON and hold no secret.
    """

    declared: Mapping[str, Any]
    pinned: Mapping[str, Any]
    content: Content


@dataclass(frozen=True)
class LockEntry:
    """One artifact: the names of its namespace, of itself in the program and of its model, and its sources.

    `version` is None for one that follows the content. `earlier` has the bytes of former versions, so that a service
    that stays at one is declared as it was.
    """

    namespace: str
    artifact: str
    model: str
    version: str | None
    sources: tuple[LockedSource, ...]
    earlier: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its key in the file, `<namespace>/<artifact>`: neither name has a slash."""
        return f"{self.namespace}/{self.artifact}"

    @property
    def content(self) -> Content:
        """The files of all sources together. Raises ValueError when two have the same path."""
        return Content(tuple(entry for source in self.sources for entry in source.content.files))

    @property
    def version_name(self) -> str:
        """The version that it stands for. Raises ValueError as `content` does."""
        return self.version if self.version is not None else self.content.default_version

    def after(self, former: LockEntry | None, *, kept: Collection[str]) -> LockEntry:
        """Return it with what is known of versions before: the one that it follows on, and those of `kept`."""
        if former is None:
            return self
        if former.version_name == self.version_name:
            return replace(self, earlier=former.earlier)
        known = {version: size for version, size in former.earlier.items() if version in kept}
        known[former.version_name] = former.content.total_bytes
        known.pop(self.version_name, None)
        return replace(self, earlier=known)

    def covers(self, declared: list[Mapping[str, Any]]) -> bool:
        """Tell whether it is of exactly these sources."""
        return [dict(source.declared) for source in self.sources] == [dict(source) for source in declared]


@dataclass(frozen=True)
class LockedRevision:
    """A branch or tag of a hub's repository, named `<owner>/<model>@<revision>`, and the commit that it stands for.

    A hub of one's own, or a mirror, goes before the name: `<endpoint>/<owner>/<model>@<revision>`.
    """

    name: str
    commit: str


@dataclass(frozen=True)
class LockFile:
    """All entries by their keys, and commits by the names of their revisions."""

    entries: Mapping[str, LockEntry] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)

    def find(self, namespace: str, artifact: str) -> LockEntry | None:
        """Return the entry of an artifact, or None."""
        return self.entries.get(f"{namespace}/{artifact}")

    def named(self, name: str) -> list[LockEntry]:
        """Return the entries that a user may mean by `<artifact>` or `<namespace>/<artifact>`."""
        return [entry for entry in self.entries.values() if name in (entry.key, entry.artifact)]

    def with_entry(self, entry: LockEntry) -> LockFile:
        """Return the file with this entry in the place of the former one."""
        return replace(self, entries={**self.entries, entry.key: entry})

    def with_revision(self, revision: LockedRevision) -> LockFile:
        """Return the file with this commit in the place of the former one."""
        return replace(self, revisions={**self.revisions, revision.name: revision.commit})

    def only(self, keys: frozenset[str]) -> LockFile:
        """Return the file without the entries of artifacts that are none of these."""
        return replace(self, entries={key: entry for key, entry in self.entries.items() if key in keys})

    def to_text(self) -> str:
        """Return the file's text: sorted, one line a file, a newline at the end."""
        artifacts = {key: _document(entry) for key, entry in self.entries.items()}
        document = {"schemaVersion": LOCK_SCHEMA_VERSION, "artifacts": artifacts}
        if self.revisions:
            document["revisions"] = dict(self.revisions)
        return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def parse_lock(text: str | bytes) -> LockFile:
    """Read a lock file's text. Raises ValueError when it is none, of a newer schema, or contradicts itself."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    if _CONFLICT.search(text):
        raise ValueError("it holds the marks of an unresolved merge")
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - a bad document is a bad value to the caller
    schema = document.get("schemaVersion")
    if schema != LOCK_SCHEMA_VERSION:
        raise ValueError(f"its schemaVersion is {schema!r}, and this release reads {LOCK_SCHEMA_VERSION}")
    try:
        entries = [_entry(str(key), value) for key, value in document["artifacts"].items()]
        revisions = {str(name): _commit(name, commit) for name, commit in document.get("revisions", {}).items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a field is missing or of the wrong kind: {error}") from None
    return LockFile({entry.key: entry for entry in entries}, revisions)


def read_lock(path: Path) -> LockFile:
    """Read the file; one that is not there is empty. Raises InvalidLock when it cannot be read or is damaged."""
    try:
        return parse_lock(path.read_bytes())
    except FileNotFoundError:
        return LockFile()
    except OSError as error:
        failed, answer = "The lock file cannot be read", error.strerror or str(error)
        raise InvalidLock(failed, on=str(path), answer=answer, remedy="Make it readable") from None
    except ValueError as error:
        raise InvalidLock(f"The lock file cannot be used: {error}", on=str(path), remedy=_remedy(error)) from None


def write_lock(path: Path, lock: LockFile) -> None:
    """Write the file whole or not at all. Raises OSError where the folder takes none."""
    with _alone(path.parent):
        _replace(path, lock.to_text())


def update_lock(path: Path, entry: LockEntry) -> Change | None:
    """Put one entry into the file, beside what others write at the same time; return what that was, None for nothing.

    Raises OSError where the folder takes no file, InvalidLock as `read_lock` does.
    """
    return _update(path, lambda lock: lock.with_entry(entry))


def update_revision(path: Path, revision: LockedRevision) -> Change | None:
    """Put one commit into the file, as `update_lock` does it with an entry."""
    return _update(path, lambda lock: lock.with_revision(revision))


def _update(path: Path, change: Callable[[LockFile], LockFile]) -> Change | None:
    with _alone(path.parent):
        former = read_lock(path)
        lock = change(former)
        if lock == former:
            return None
        _replace(path, lock.to_text())
    known = former.entries.keys() | former.revisions.keys()
    return "changed" if known == lock.entries.keys() | lock.revisions.keys() else "added"


def _document(entry: LockEntry) -> dict[str, Any]:
    document: dict[str, Any] = {
        "model": entry.model,
        "digest": entry.content.tree_digest,
        "sources": [
            {
                "declared": dict(source.declared),
                "pinned": dict(source.pinned),
                "files": {file.path: f"{file.digest} {file.size}" for file in source.content.files},
            }
            for source in entry.sources
        ],
    }
    if entry.earlier:
        document["earlier"] = dict(entry.earlier)
    return document if entry.version is None else document | {"version": entry.version}


def _entry(key: str, value: Mapping[str, Any]) -> LockEntry:
    namespace, separator, artifact = key.partition("/")
    if not separator:
        raise ValueError(f"{key!r} is not <namespace>/<artifact>")
    version = value.get("version")
    sources = tuple(_source(item) for item in value["sources"])
    earlier = {str(name): int(size) for name, size in value.get("earlier", {}).items()}
    version = None if version is None else str(version)
    entry = LockEntry(namespace, artifact, str(value["model"]), version, sources, earlier)
    if value["digest"] != entry.content.tree_digest:
        raise ValueError(f"the digest of {key!r} is not the digest of its files")
    return entry


def _source(value: Mapping[str, Any]) -> LockedSource:
    files = tuple(_file(path, text) for path, text in value["files"].items())
    return LockedSource(dict(value["declared"]), dict(value["pinned"]), Content(files))


def _file(path: str, text: str) -> FileEntry:
    match = _FILE.fullmatch(text)
    if match is None:
        raise ValueError(f"{path!r} is not followed by sha256:<64 hex digits> <bytes>")
    return FileEntry(path, int(match[2]), match[1])


def _commit(name: str, commit: Any) -> str:
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise ValueError(f"{name!r} is not followed by a commit of 40 hex digits")
    return commit


def _remedy(error: ValueError) -> str:
    return "Install a newer release of pulumi-modelstore" if "schemaVersion" in str(error) else _REPLACE


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder against other programs that write a lock file there."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # A file system without locks still replaces whole files.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    target = Path(os.path.realpath(path))
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp's mode is its owner's alone, and a checkout is shared.
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink()
        raise
