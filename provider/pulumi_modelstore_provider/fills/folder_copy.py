"""Copies the files of an image, which the pod sees as a folder, into a volume."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi_modelstore_provider.artifacts.sizes import human_size
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.sources import Staging
from pulumi_modelstore_provider.fills.specification import Specification
from pulumi_modelstore_provider.fills.staged_files import files_below, remove_file

_CHUNK = 4 << 20
_PARTIAL = ".partial"


@dataclass(frozen=True)
class FolderCopy:
    """A folder of this pod."""

    folder: Path
    own_folder: str = _PARTIAL
    """Files that are not whole yet."""

    @classmethod
    def of(cls, specification: Specification) -> FolderCopy:
        """Read the source of a specification: its `reach` says where the image's folder is seen."""
        return cls(Path(str(specification.reach["path"])))

    def stage(self, staging: Staging) -> Mapping[str, str]:
        """Copy what is not there yet; links in the image are followed, for its layers may be made of them."""
        files = self._files()
        for stray in [path for path in files_below(staging.folder, without=_PARTIAL) if path not in files]:
            # Of an earlier attempt, before a tag of the image moved.
            remove_file(staging.folder, stray)
        total, done = sum(path.stat().st_size for path in files.values()), 0
        digests = {}
        for name, path in files.items():
            staging.check()
            digests[name] = _copy(path, staging, name)
            done += path.stat().st_size
            staging.say(f"{name} is in the volume: {human_size(done)} of {human_size(total)}")
        return digests

    def _files(self) -> dict[str, Path]:
        # Not resolved: a folder under /proc/<pid>/root leads somewhere else when its links are read one by one.
        root = self.folder
        found = {}
        for above, _, names in os.walk(f"{root}/", followlinks=True):
            for name in names:
                path = Path(above, name)
                if path.is_file():
                    found[path.relative_to(root).as_posix()] = path
        if not found:
            raise ModelstoreError(
                "The image holds no files where its model should be", on=str(self.folder),
                remedy="Name the folder of the image that holds the model",
            )  # fmt: skip
        return dict(sorted(found.items()))


def _copy(path: Path, staging: Staging, name: str) -> str:
    """Copy a file unless it is there with the same content; returns its digest."""
    place = staging.folder / name
    if place.is_file() and place.stat().st_size == path.stat().st_size:
        digest = _digest(path)
        if _digest(place) == digest:
            return digest
    whole = hashlib.sha256()
    partial = staging.folder / _PARTIAL / name
    partial.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as source, partial.open("wb") as target:
        while chunk := source.read(_CHUNK):
            staging.check()
            whole.update(chunk)
            target.write(chunk)
    place.parent.mkdir(parents=True, exist_ok=True)
    partial.replace(place)
    return f"sha256:{whole.hexdigest()}"


def _digest(path: Path) -> str:
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
    return f"sha256:{whole.hexdigest()}"
