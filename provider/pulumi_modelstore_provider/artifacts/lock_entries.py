"""What the lock file records: the files of each artifact of a program, and the commits of a hub's branches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_modelstore_provider.artifacts.content import Content


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
