"""The cluster as a folder: one YAML file an object, `<namespace or _cluster>/<kind>-<name>.yaml`.

A Secret's file holds its data, so folders are 0700 and files 0600 from the moment they exist.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Final

from pulumi_modelstore_sandbox.cluster import manifest
from pulumi_modelstore_sandbox.cluster.destination import Comparison, Declaration, declarable
from pulumi_modelstore_sandbox.cluster.errors import ClusterError
from pulumi_modelstore_sandbox.cluster.identity import Identity
from pulumi_modelstore_sandbox.cluster.properties import Object
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType, of_object
from pulumi_modelstore_sandbox.cluster.scope import Scope, known_scope
from pulumi_modelstore_sandbox.cluster.validation.definitions import defined_scope

_CLUSTER_WIDE: Final = "_cluster"
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_WRITE_ATTEMPTS: Final = 5


class ManifestsFolder:
    """The manifests of one stack: a destination."""

    def __init__(self, home: Path, project: str, stack: str) -> None:
        self._root = home / "manifests"
        self._folder = self._root / _part(project) / _part(stack)

    def path(self, kind: ResourceType, where: Identity) -> Path:
        """Return the file of an object."""
        namespace = _part(where.namespace) if where.namespace else _CLUSTER_WIDE
        return self._folder / namespace / f"{_part(kind.kind).lower()}-{_part(where.name)}.yaml"

    def scope(self, kind: ResourceType) -> Scope:
        """Return the scope of a kind as its definition gives it, or as this package knows it."""
        known = known_scope(kind)
        return defined_scope(kind) if known is Scope.UNKNOWN else known

    def expect_definition(self, definition: Object) -> None:
        """Do nothing: a folder takes objects of any kind."""

    def compared(self, old: Object, declared: Declaration) -> Comparison:
        """Compare two declarations; the file is looked at by `read` alone, as a refresh does."""
        return Comparison(declarable(old), declared.item)

    def preview(self, declared: Declaration) -> Object:
        """Return the declaration: a folder adds nothing to it."""
        return declared.item

    def write(self, declared: Declaration) -> Object:
        """Write an object's manifest, whole or not at all.

        Raises ClusterError where another API group's kind of the same name has that file.
        """
        file = self.path(declared.kind, declared.where)
        self._refuse_to_replace_another_kind(file, declared.kind)
        text = manifest.render(declared.item).encode()
        for attempt in range(_WRITE_ATTEMPTS):
            self._make_folders(file.parent)
            try:
                _replace(file, text)
            except FileNotFoundError:
                # A delete beside this one has just removed the empty folder.
                if attempt == _WRITE_ATTEMPTS - 1:
                    raise
            else:
                break
        return declared.item

    def read(self, kind: ResourceType, where: Identity) -> Object | None:
        """Read an object's manifest as it is now; None where the file is gone."""
        file = self.path(kind, where)
        try:
            return manifest.parse(file.read_text(encoding="utf-8"), file=str(file))
        except FileNotFoundError:
            return None

    def created(self, kind: ResourceType, where: Identity) -> datetime.datetime | None:
        """Return when the manifest was written."""
        try:
            written = self.path(kind, where).stat().st_mtime
        except FileNotFoundError:
            return None
        return datetime.datetime.fromtimestamp(written, datetime.UTC)

    def declared_part(self, live: Object, declared: Object | None) -> Object:  # noqa: ARG002 - a destination's method
        """Return the whole manifest: whatever stands in it, the stack wrote or somebody edited."""
        return declarable(live)

    def delete(self, kind: ResourceType, where: Identity, recorded: Object, timeout: float) -> None:  # noqa: ARG002 - a destination's method
        """Remove an object's manifest and the folders that are empty then; nothing to remove is fine."""
        file = self.path(kind, where)
        file.unlink(missing_ok=True)
        _draft(file).unlink(missing_ok=True)
        folder = file.parent
        while folder != self._root and folder.is_relative_to(self._root):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return
            folder = folder.parent

    def _make_folders(self, folder: Path) -> None:
        missing = [folder, *folder.parents]
        for parent in reversed(missing[: next(i for i, parent in enumerate(missing) if parent.is_dir())]):
            parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        for own in (folder, *folder.parents):
            if own == self._root.parent:
                break
            if own.stat().st_mode & 0o077:
                own.chmod(_FOLDER_MODE)

    def _refuse_to_replace_another_kind(self, file: Path, kind: ResourceType) -> None:
        if not file.exists():
            return
        found = manifest.parse(file.read_text(encoding="utf-8"), file=str(file))
        other = of_object(str(found.get("apiVersion", "")), str(found.get("kind", "")))
        if other.group != kind.group:
            raise ClusterError(
                f"The manifest of a {kind} cannot be written",
                on=str(file),
                answer=f"the file holds a {other} of the same name",
                remedy="Give one of the two another metadata.name",
            )


def _part(text: str) -> str:
    """Refuse what would leave the folder."""
    if text in {"", ".", ".."} or "/" in text or "\0" in text:
        raise ClusterError(f"{text!r} cannot be part of a manifest's path")
    return text


def _draft(file: Path) -> Path:
    # Always the same: what a killed run has left there, a Secret's data perhaps, the next one overwrites or removes.
    return file.with_name(f".{file.name}.tmp")


def _replace(file: Path, content: bytes) -> None:
    temporary = _draft(file)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
