"""`ModelArtifact`: the files of a model as one immutable version of it, and its tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import Refusal, refuse
from pulumi_modelstore.artifacts.cluster_import import Via, checked_import
from pulumi_modelstore.artifacts.import_job import ImportJob
from pulumi_modelstore.artifacts.lock_file import ProgramLock
from pulumi_modelstore.artifacts.lookup import look_up
from pulumi_modelstore.artifacts.pinned_content import PinnedContent, pinned_content, upload_source
from pulumi_modelstore.artifacts.purged_versions import declare_purged
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.artifacts.source_argument import Source, check_sources
from pulumi_modelstore.artifacts.tags import Tags, TagTable
from pulumi_modelstore.artifacts.transfer_settings import TransferSettings, check_transfer
from pulumi_modelstore.namespace import StorageNamespace
from pulumi_modelstore_provider.artifacts.layout import model_prefix, validate_name, validate_version, version_prefix
from pulumi_modelstore_provider.artifacts.lock_entries import LockEntry

# Weights of hundreds of gigabytes over a slow line; a resource has 20 minutes unless told.
_UPLOAD_TIMEOUTS = pulumi.CustomTimeouts(create="24h", update="24h", delete="1h")


class ModelArtifact(CheckedComponent):
    """One version of a model, under a prefix of its own that never changes afterwards.

    Which files it consists of is known at preview, each by its digest: local files are digested when the program runs,
    repositories and buckets are asked once and pinned. `modelstore.lock` beside the program keeps what was found; where
    the files are not at hand it stands in for them. A new version leaves the former one where it is.

    Args:
        name: of the artifact.
        namespace: where it goes.
        source: a file or folder (a relative path counts from the program's folder), `HuggingFaceRepository(...)`,
            `BucketFolder(...)`, `WebFile(...)`, or a list of several.
        model: name of the model in the namespace; unset, the artifact's name.
        version: name of the version, such as a date; unset, the first 12 hex digits of the content's digest, so that
            changed files make a new version.
        tags: names for this version (`["latest"]`), or each tag with its target, a version or another tag
            (`{"latest": "stable", "stable": None}`, where None is this version).
        earlier_versions: versions in the store already that tags may point to. `modelstore.lock` keeps their sizes from
            when they were declared, for the storage of services that stay there.
        via: `client` sends the files from the machine that deploys; `cluster` has a Kubernetes Job bring them from
            where they are, without passing through that machine.
        job: the Job's settings; needed with `via="cluster"`.
        transfer: limits of the upload, `TransferSettings(concurrency=..., rate_limit="200MB/s")`.
        keep_versions: how many of the model's newest versions are to stay, at least 1; `modelstore artifacts prune` may
            then remove older ones that nothing uses. Nothing is removed by itself.
        on_delete: `retain` keeps all objects when the artifact leaves the stack, tags too; `purge` deletes the tags and
            the objects of this version, unless another stack's tag leads to it. Services that were given the artifact
            go first; a `GpuInferenceService` of the program that names it by URI or `lookup` is refused.
        opts: options of the component; `providers` reaches its children.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program: unusable files, a version with a slash,
            tags that run in a circle or point nowhere.
    """

    model: str
    """Name of the model in the namespace."""
    version: str
    """Name of the version."""
    uri: pulumi.Input[str]
    """Storage URI of the version's folder, with the slash at the end that KServe needs; plain at preview."""
    digest: str
    """Digest of all files, `sha256:<hex>`."""
    files: Mapping[str, str]
    """Each file with its digest and size; above 256 files their tree digest, count and bytes."""
    total_bytes: int
    """Size of all files."""

    def __init__(
        self,
        name: str,
        *,
        namespace: StorageNamespace,
        source: Source | Sequence[Source],
        model: str | None = None,
        version: str | None = None,
        tags: Tags | None = None,
        earlier_versions: Sequence[str] = (),
        via: Via = "client",
        job: ImportJob | None = None,
        transfer: TransferSettings | None = None,
        keep_versions: int | None = None,
        on_delete: Literal["retain", "purge"] = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("ModelArtifact", name)
        usable = check.uses("namespace", namespace, StorageNamespace)
        model, version = check.text("model", model), check.text("version", version)
        earlier_versions = check.texts("earlier_versions", earlier_versions)
        self.model = check.name if model is None else model
        check.extend(Problem("model", text) for text in validate_name(self.model))
        settings = check_sources(check, source)
        lock = ProgramLock(Path.cwd())
        pinned = pinned_content(check, settings, lock, namespace)
        content = pinned.content
        if version is not None:
            check.extend(Problem("version", text) for text in validate_version(version))
        self.version = version if version is not None else content.default_version if content.files else "unknown"
        self._table = TagTable(tags, self.version, earlier_versions)
        check.extend(self._table.problems())
        if on_delete not in ("retain", "purge"):
            check.add("on_delete", f"{on_delete!r} is neither", 'Choose "retain" or "purge"')
        limits = check_transfer(check, transfer, keep_versions)
        if usable:
            other = namespace.models.setdefault(self.model, check.name)
            if other != check.name:
                remedy = "Give one of them another model name"
                check.add("model", f'"{self.model}" is what artifact "{other}" declares in this namespace', remedy)
        self.files = content.as_inputs()
        self.digest = content.tree_digest
        self.total_bytes = content.total_bytes
        self._prefix = model_prefix(namespace.backend.prefix, self.model) if usable else ""
        self._upload_inputs: dict[str, Any] = {"version": self.version, "files": dict(self.files), "transfer": limits}
        importing = checked_import(check, via, job, namespace, settings, pinned, self._prefix, self._upload_inputs)
        super().__init__(check, opts)
        self.namespace = namespace
        self.uri = ""
        if self.refused:
            return
        self._tell(pinned)
        entry = LockEntry(namespace.given_name, check.name, self.model, version, pinned.sources)
        entry = entry.after(lock.find(namespace.given_name, check.name), kept=earlier_versions)
        lock.record(entry, self)
        self._sizes = {**entry.earlier, self.version: self.total_bytes}
        self.uri = self._uri_of(self.version)
        self._upload_inputs |= {
            "source": upload_source(settings, pinned.sources) if importing is None else "",
            "on_delete": on_delete,
            "keep_versions": keep_versions,
        }
        self._upload = self._declare_upload(check.name, [] if importing is None else [importing.declare(self)])
        if on_delete == "purge":
            declare_purged(check.name, self.uri, self._upload)
        self._tags = self._declare_tags(check.name, on_delete)
        self.register_outputs({"model": self.model, "version": self.version, "uri": self.uri, "digest": self.digest})

    @staticmethod
    def lookup(namespace: StorageNamespace, model: str, tag_or_version: str) -> ModelReference:
        """A version of a model that another stack owns, for a service to refer to.

        It is looked for in the live store while the program runs, with the namespace's credentials, which need no more
        than to read; where a tag has moved, the next preview shows the service change.

        Args:
            namespace: what holds the model; usually declared with `adopt=True`.
            model: name of the model in it.
            tag_or_version: a version, or a tag that leads to one.

        Raises:
            InvalidArguments: at preview, where nothing has that name, the tag runs in a circle or points nowhere, or
                the store cannot be read.
        """
        return look_up(namespace, model, tag_or_version)

    def at(self, tag: str) -> ModelReference:
        """The version that one of the tags means, for a service to refer to: moving the tag changes the service.

        Raises:
            InvalidArguments: at preview, where the artifact declares no such tag.
        """
        if self.refused:
            return ModelReference("", self.namespace, refused=True)
        if tag not in self._tags:
            known = ", ".join(self._tags) or "none"
            problem = Problem("tags", f'"{tag}" is none of them ({known})', f'Add "{tag}" to the tags of the artifact')
            refuse(Refusal("ModelArtifact", self.given_name, (problem,)))
            return ModelReference("", self.namespace, refused=True)
        version = self._table.resolve(tag)
        after = (self._upload, self._tags[tag])
        size = self._sizes.get(version)
        return ModelReference(self._uri_of(version), self.namespace, size, after, version, self._prefix)

    @property
    def reference(self) -> ModelReference:
        """This version, for a service to refer to."""
        after = () if self.refused else (self._upload,)
        prefix = None if self.refused else self._prefix
        return ModelReference(
            self.uri, self.namespace, self.total_bytes, after, self.version, prefix, refused=self.refused
        )

    def _uri_of(self, version: str) -> pulumi.Input[str]:
        # Not namespace.uri(): the layout's prefix begins with the namespace's own.
        return self.namespace.backend.uri(version_prefix(self._prefix, version))

    def _tell(self, pinned: PinnedContent) -> None:
        for warning in pinned.content.warnings():
            pulumi.log.warn(warning, self)
        if pinned.absent:
            pulumi.log.info(f"not on this machine: {', '.join(pinned.absent)}; the lock file stands in for it", self)

    def _declare_upload(self, name: str, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        from pulumi_modelstore_provider.resources.artifact_upload import ArtifactUpload

        options = self.child_options(depends_on=[*self.namespace.guarded_by, *after], custom_timeouts=_UPLOAD_TIMEOUTS)
        return ArtifactUpload(f"{name}-upload", **self._place(), **self._upload_inputs, opts=options)

    def _declare_tags(self, name: str, on_delete: Literal["retain", "purge"]) -> dict[str, pulumi.Resource]:
        from pulumi_modelstore_provider.resources.artifact_tag import ArtifactTag

        declared: dict[str, pulumi.Resource] = {}
        for tag in self._table.in_order():
            target = self._table.targets[tag]
            # A tag is written after what it points to, so that no reader finds it dangling.
            after = declared.get(target, self._upload)
            # Tags stay where the versions stay; one that only leaves the program is deleted.
            stays_with = self._upload if on_delete == "retain" else None
            options = self.child_options(depends_on=[after], deleted_with=stays_with)
            declared[tag] = ArtifactTag(f"{name}-tag-{tag}", **self._place(), tag=tag, target=target, opts=options)
        return declared

    def _place(self) -> dict[str, Any]:
        return {
            "connection": self.namespace.backend.connection(),
            "bucket": self.namespace.bucket_input,
            "model_prefix": self._prefix,
            "namespace": self.namespace.given_name,
        }
