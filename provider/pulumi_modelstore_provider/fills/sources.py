"""Where a fill's files come from. Each source brings them into a folder, again and again until it has succeeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.specification import Specification


@dataclass(frozen=True)
class Staging:
    """Where a source puts its files.

    Args:
        folder: an existing folder of the volume, with what an earlier attempt left there.
        check: raises when another process has taken over.
        on_child: told of a child process that must end when the lease is lost.
        say: tells the user how far it is.
    """

    folder: Path
    check: Callable[[], None]
    on_child: Callable[[Callable[[], None] | None], None]
    say: Callable[[str], None]


class Source(Protocol):
    """One kind of source."""

    def stage(self, staging: Staging) -> Mapping[str, str]:
        """Bring all files; return the digests, `sha256:<hex>` by path, of those whose digest the source told.

        Files of an earlier attempt that are whole are not brought again. Raises ModelstoreError or OSError.
        """
        ...

    @property
    def own_folder(self) -> str:
        """Folder in staging with notes of its own, which is no part of the model; empty where it makes none."""
        ...


def source_of(specification: Specification) -> Source:
    """Return the source that a specification names. Raises ModelstoreError where its type is not known."""
    kind = specification.source.get("type")
    if kind == "hugging-face":
        from pulumi_modelstore_provider.fills.hugging_face import HuggingFaceRepository

        return HuggingFaceRepository.of(specification)
    if kind == "image":
        from pulumi_modelstore_provider.fills.folder_copy import FolderCopy

        return FolderCopy.of(specification)
    if kind == "artifact":
        from pulumi_modelstore_provider.fills.artifact import ArtifactVersion

        return ArtifactVersion.of(specification)
    if kind == "bucket":
        from pulumi_modelstore_provider.fills.bucket import BucketObjects

        return BucketObjects.of(specification)
    raise ModelstoreError(
        f"The fill's source is of the type {kind!r}, which this release does not know",
        remedy="Deploy the volume again with one release of pulumi-modelstore",
    )
