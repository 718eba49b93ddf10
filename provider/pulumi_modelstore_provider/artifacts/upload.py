"""Brings a version into the store: adopts it where it is, uploads and commits it where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.commits import read_manifest, version_conflict, write_manifest
from pulumi_modelstore_provider.artifacts.content import Content, FilesInput, declared_tree
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.local_files import LocalFile
from pulumi_modelstore_provider.artifacts.manifest import Manifest
from pulumi_modelstore_provider.artifacts.source import locate, scan
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings, in_force
from pulumi_modelstore_provider.artifacts.verification import Method
from pulumi_modelstore_provider.artifacts.version_files import abort_unfinished, send_files
from pulumi_modelstore_provider.errors import ModelstoreError, SourceChanged
from pulumi_modelstore_provider.stores.protocol import ObjectStore


@dataclass(frozen=True)
class UploadRequest:
    """What to bring where: `files` declares the content, `source` (a path, may be empty) is where the bytes are."""

    model_prefix: str
    version: str
    files: FilesInput
    source: str = ""
    urn: str = ""
    base: Path = field(default_factory=Path.cwd)

    @property
    def model(self) -> str:
        """The model's name: the last part of the prefix."""
        return self.model_prefix.rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True)
class UploadOutcome:
    """A version that is in the store. `receipts` are of the files sent or compared; none if it was adopted."""

    manifest: Manifest
    receipts: tuple[FileReceipt, ...] = ()

    @property
    def sent(self) -> int:
        """Bytes that were sent."""
        return sum(receipt.sent for receipt in self.receipts)

    @property
    def kept(self) -> int:
        """Bytes that an earlier run had sent already."""
        return sum(receipt.kept for receipt in self.receipts)

    @property
    def methods(self) -> Mapping[Method, int]:
        """How many files were verified by which method."""
        return Counter(receipt.method for receipt in self.receipts)


def upload_version(
    objects: ObjectStore, request: UploadRequest, *, settings: TransferSettings | None = None
) -> UploadOutcome:
    """Make the version exist with exactly the declared content, and return it.

    A version that exists with this content is adopted; files that have gone missing from it are sent again. Raises
    VersionConflict when it exists with other content, SourceChanged when the source is not what was declared,
    ModelstoreError when neither the version nor the source is at hand, and what the store answers.
    """
    limits = in_force(settings)
    key = manifest_key(request.model_prefix, request.version)
    prefix = version_prefix(request.model_prefix, request.version)
    declared = declared_tree(request.files)
    existing = read_manifest(objects, key)
    if existing is not None:
        if existing.content.tree_digest != declared:
            raise version_conflict(objects.url(key), request.version, existing.content.tree_digest)
        if _is_whole(objects, prefix, existing.content):
            return UploadOutcome(existing)
    content, sources = _source(objects, request, declared, damaged=existing is not None)

    def refuse_if_committed() -> None:
        committed = read_manifest(objects, key)
        if committed is not None and committed.content.tree_digest != declared:
            raise version_conflict(objects.url(key), request.version, committed.content.tree_digest)

    receipts = send_files(
        objects, prefix, content, sources, urn=request.urn, refuse_if_committed=refuse_if_committed, settings=limits
    )
    manifest = Manifest(request.model, request.version, content)
    write_manifest(objects, key, manifest)
    abort_unfinished(objects, prefix, content)
    return UploadOutcome(manifest, tuple(receipts))


def _is_whole(objects: ObjectStore, prefix: str, content: Content) -> bool:
    present = {item.key: item.size for item in objects.list(prefix)}
    return all(present.get(f"{prefix}{entry.path}") == entry.size for entry in content.files)


def _source(
    objects: ObjectStore, request: UploadRequest, declared: str, *, damaged: bool
) -> tuple[Content, Mapping[str, ByteSource]]:
    if not request.source or not locate(request.source, base=request.base).exists():
        state = "has lost files in the store" if damaged else "is not in the store"
        raise ModelstoreError(
            f"The version {request.version!r} {state}, and its source "
            + (f"{request.source!r} is not on this machine" if request.source else "is not given"),
            on=objects.url(version_prefix(request.model_prefix, request.version)),
            remedy="Run once where the files are: a version that is in the store needs no source",
        )
    content, listing = scan(request.source, base=request.base)
    if content.tree_digest != declared:
        raise SourceChanged(
            f"The source {request.source!r} is no longer what was declared: its digest is {content.tree_digest}, "
            f"declared was {declared}",
            remedy="Preview again: the new content becomes a new version",
        )
    return content, {file.path: LocalFile(file.realpath) for file in listing.files}
