"""`ModelArtifact`: the files of a model, uploaded as one immutable version of it, and its tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import Refusal, refuse
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.artifacts.tags import Tags, TagTable
from pulumi_modelstore.namespace import StorageNamespace
from pulumi_modelstore_provider.artifacts.content import Content
from pulumi_modelstore_provider.artifacts.layout import (
    model_prefix,
    validate_name,
    validate_version,
    version_prefix,
)
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.errors import InvalidSource

# Weights of hundreds of gigabytes over a slow line; a resource has 20 minutes unless told.
_UPLOAD_TIMEOUTS = pulumi.CustomTimeouts(create="24h", update="24h", delete="1h")


class ModelArtifact(CheckedComponent):
    """One version of a model, from a file or folder, under a prefix of its own that never changes afterwards.

    The files are digested when the program runs, so a preview names each one that was added, changed or removed. A new
    version leaves the former one where it is.

    Args:
        name: of the artifact.
        namespace: where it goes.
        source: file or folder; a relative path counts from the program's folder.
        model: name of the model in the namespace; unset, the artifact's name.
        version: name of the version, such as a date; unset, the first 12 hex digits of the content's digest, so that
            changed files make a new version.
        tags: names for this version (`["latest"]`), or each tag with its target, a version or another tag
            (`{"latest": "stable", "stable": None}`, where None is this version).
        earlier_versions: versions in the store already that tags may point to.
        on_delete: `retain` keeps all objects when the artifact leaves the stack, tags too; `purge` deletes the tags and
            the objects of this version.
        opts: options of the component.

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
        source: str | Path,
        model: str | None = None,
        version: str | None = None,
        tags: Tags | None = None,
        earlier_versions: Sequence[str] = (),
        on_delete: Literal["retain", "purge"] = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("ModelArtifact", name)
        usable = check.uses("namespace", namespace, StorageNamespace)
        model, version = check.text("model", model), check.text("version", version)
        earlier_versions = check.texts("earlier_versions", earlier_versions)
        self.model = check.name if model is None else model
        check.extend(Problem("model", text) for text in validate_name(self.model))
        content = _read(check, source)
        if version is not None:
            check.extend(Problem("version", text) for text in validate_version(version))
        self.version = version if version is not None else content.default_version if content.files else "unknown"
        self._table = TagTable(tags, self.version, earlier_versions)
        check.extend(self._table.problems())
        if on_delete not in ("retain", "purge"):
            check.add("on_delete", f"{on_delete!r} is neither", 'Choose "retain" or "purge"')
        if usable:
            other = namespace.models.setdefault(self.model, check.name)
            if other != check.name:
                remedy = "Give one of them another model name"
                check.add("model", f'"{self.model}" is what artifact "{other}" declares in this namespace', remedy)
        super().__init__(check, opts)
        self.namespace = namespace
        self.files = content.as_inputs()
        self.digest = content.tree_digest
        self.total_bytes = content.total_bytes
        self.uri = ""
        if self.refused:
            return
        for warning in content.warnings():
            pulumi.log.warn(warning, self)
        self._prefix = model_prefix(namespace.backend.prefix, self.model)
        self.uri = self._uri_of(self.version)
        self._upload = self._declare_upload(check.name, str(source), on_delete)
        self._tags = self._declare_tags(check.name, on_delete)
        self.register_outputs({"model": self.model, "version": self.version, "uri": self.uri, "digest": self.digest})

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
        size = self.total_bytes if version == self.version else None
        return ModelReference(self._uri_of(version), self.namespace, size, (self._upload, self._tags[tag]))

    @property
    def reference(self) -> ModelReference:
        """This version, for a service to refer to."""
        after = () if self.refused else (self._upload,)
        return ModelReference(self.uri, self.namespace, self.total_bytes, after, refused=self.refused)

    def _uri_of(self, version: str) -> pulumi.Input[str]:
        # Not namespace.uri(): the layout's prefix begins with the namespace's own.
        return self.namespace.backend.uri(version_prefix(self._prefix, version))

    def _declare_upload(self, name: str, source: str, on_delete: Literal["retain", "purge"]) -> pulumi.Resource:
        from pulumi_modelstore_provider.resources.artifact_upload import ArtifactUpload

        return ArtifactUpload(
            f"{name}-upload",
            **self._place(),
            version=self.version,
            files=dict(self.files),
            source=source,
            on_delete=on_delete,
            opts=self.child_options(depends_on=list(self.namespace.guarded_by), custom_timeouts=_UPLOAD_TIMEOUTS),
        )

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


def _read(check: ArgumentCheck, source: str | Path) -> Content:
    if not isinstance(source, str | Path):
        known = f"{type(source).__name__} is no path" if is_plain(source) else "is an output, and a preview reads it"
        check.add("source", known, "Pass the path of a file or folder")
        return Content(())
    try:
        return read_source(source, base=Path.cwd())
    except InvalidSource as error:
        check.extend(Problem("source", f"{str(source)!r}: {problem}") for problem in error.problems)
    return Content(())
