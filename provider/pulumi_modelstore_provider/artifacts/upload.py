"""Brings a version into the store: adopts it where it is, uploads and commits it where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.commits import read_manifest, version_conflict, write_manifest
from pulumi_modelstore_provider.artifacts.content import (
    Content,
    FilesInput,
    declared_digests,
    declared_tree,
    is_summary,
)
from pulumi_modelstore_provider.artifacts.earlier_versions import earlier_files
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.manifest import Manifest
from pulumi_modelstore_provider.artifacts.sources.reading import Reading, read_sources
from pulumi_modelstore_provider.artifacts.sources.settings import LocalFiles, SourceSettings, SourcesInput
from pulumi_modelstore_provider.artifacts.transfer import FileReceipt
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings, in_force
from pulumi_modelstore_provider.artifacts.verification import Method
from pulumi_modelstore_provider.artifacts.version_files import (
    abort_left_behind,
    abort_unfinished,
    send_files,
)
from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import ModelstoreError, SourceChanged, SourceUnavailable
from pulumi_modelstore_provider.stores.protocol import ObjectStore


@dataclass(frozen=True)
class UploadRequest:
    """What to bring where: `files` declares the content, `source` (a path, or sources; may be empty) has the bytes.

    `config` gives the stack's configuration, for the sources' `config:` references.
    """

    model_prefix: str
    version: str
    files: FilesInput
    source: SourcesInput = ""
    urn: str = ""
    base: Path = field(default_factory=Path.cwd)
    config: ConfigLookup | None = field(default=None, repr=False)

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
    def copied(self) -> int:
        """Bytes that the store copied: from another of its buckets, or from an earlier version."""
        return sum(receipt.copied for receipt in self.receipts)

    @property
    def methods(self) -> Mapping[Method, int]:
        """How many files were verified by which method."""
        return Counter(receipt.method for receipt in self.receipts)


def upload_version(
    objects: ObjectStore, request: UploadRequest, *, settings: TransferSettings | None = None
) -> UploadOutcome:
    """Make the version exist with exactly the declared content, and return it.

    A version that exists with this content is adopted; files that have gone missing from it are sent again. What an
    earlier version of the model has as well is copied by the store, where it can. Raises
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
            abort_left_behind(objects, prefix, existing.content)
            return UploadOutcome(existing)
    content, sources = _source(objects, request, declared, damaged=existing is not None)

    def refuse_if_committed() -> None:
        committed = read_manifest(objects, key)
        if committed is not None and committed.content.tree_digest != declared:
            raise version_conflict(objects.url(key), request.version, committed.content.tree_digest)

    receipts = send_files(
        objects,
        prefix,
        content,
        sources,
        urn=request.urn,
        refuse_if_committed=refuse_if_committed,
        settings=limits,
        earlier=earlier_files(objects, request.model_prefix, request.version, content, sources),
    )
    manifest = Manifest(request.model, request.version, content)
    write_manifest(objects, key, manifest, urn=request.urn)
    abort_unfinished(objects, prefix, content)
    return UploadOutcome(manifest, tuple(receipts))


def _is_whole(objects: ObjectStore, prefix: str, content: Content) -> bool:
    present = {item.key: item.size for item in objects.list(prefix)}
    return all(present.get(f"{prefix}{entry.path}") == entry.size for entry in content.files)


def _source(
    objects: ObjectStore, request: UploadRequest, declared: str, *, damaged: bool
) -> tuple[Content, Mapping[str, ByteSource]]:
    source = request.source
    sources = source if not isinstance(source, str) else (LocalFiles(path=source),) if source else ()
    named = ", ".join(map(str, sources))
    try:
        reading = _read(request, sources) if sources else None
    except SourceUnavailable as absent:
        raise _nothing_to_send(objects, request, f"its source {named!r} is not at hand here", absent, damaged) from None
    if reading is None:
        raise _nothing_to_send(objects, request, "its source is not given", None, damaged)
    if reading.content.tree_digest != declared:
        raise SourceChanged(
            f"The source {named!r} is no longer what was declared: its digest is {reading.content.tree_digest}, "
            f"declared was {declared}",
            remedy="Preview again: the new content becomes a new version",
        )
    return reading.content, reading.files


def _read(request: UploadRequest, sources: Sequence[SourceSettings]) -> Reading:
    """Look at the sources. A large file whose digest nobody remembers is digested as it is sent, and compared then."""
    taken = {} if is_summary(request.files) else declared_digests(request.files)
    return read_sources(sources, base=request.base, config=request.config, urn=request.urn, taken=taken)


def _nothing_to_send(
    objects: ObjectStore, request: UploadRequest, why: str, absent: SourceUnavailable | None, damaged: bool
) -> ModelstoreError:
    state = "has lost files in the store" if damaged else "is not in the store"
    return ModelstoreError(
        f"The version {request.version!r} {state}, and {why}",
        on=objects.url(version_prefix(request.model_prefix, request.version)),
        answer="; ".join(absent.problems) if absent is not None else "",
        remedy=_remedy(request),
    )


def _remedy(request: UploadRequest) -> str:
    # The resource is named after its artifact.
    artifact = request.urn.rsplit("::", 1)[-1].removesuffix("-upload") or request.model
    elsewhere = f"run where the files are: modelstore artifacts push {artifact}"
    if request.source:
        return f"A version that is in the store needs no source; {elsewhere}"
    return f"Read the log of the Job that imports it, or {elsewhere}"
