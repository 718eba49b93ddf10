"""One version of a model in a bucket. A new version is an update that leaves the old one where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field, field_validator

from pulumi_modelstore_provider import progress
from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.content import declared_tree, files_problems, is_summary
from pulumi_modelstore_provider.artifacts.file_names import LONGEST_KEY, nesting_problems, path_problems
from pulumi_modelstore_provider.artifacts.layout import manifest_key, validate_version, version_prefix
from pulumi_modelstore_provider.artifacts.purge import purge_version
from pulumi_modelstore_provider.artifacts.sizes import human_size
from pulumi_modelstore_provider.artifacts.sources.settings import SourcesInput
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import UploadOutcome, UploadRequest, upload_version
from pulumi_modelstore_provider.errors import NotInStore
from pulumi_modelstore_provider.resources.adapter import (
    Adapter,
    Inputs,
    address_differs,
    bucket_of,
    checked,
    connection_differs,
    differs,
    plainly,
    property_path,
    stack_configuration,
)
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.fields import BucketName, ModelPrefix, one_line
from pulumi_modelstore_provider.stores.connection import Connection

OnDelete = Literal["retain", "purge"]


class ArtifactUploadInputs(Inputs):
    """What an upload needs to know."""

    connection: Connection
    bucket: BucketName
    model_prefix: ModelPrefix
    version: str
    files: dict[str, str]
    source: SourcesInput = ""
    on_delete: OnDelete = "retain"
    keep_versions: int | None = Field(default=None, ge=1)
    transfer: TransferSettings | None = None
    urn: str = Field(default="", repr=False)

    @field_validator("version")
    @classmethod
    def _version(cls, value: str) -> str:
        return one_line(value, validate_version(value))


class ArtifactUploadProvider(Adapter):
    """Puts a version into the store; leaves it there unless asked to purge."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input, and other files under a deployed version; opens no connection, reads no file."""
        result = checked(news, ArtifactUploadInputs)
        result.failures += _file_failures(news)
        if not result.failures:
            result.failures += _conflict(_olds, news)
        return result

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the version, the digests and the settings; where the source lies and how it travels are none."""
        replaces = differs(_olds, _news, "bucket", "modelPrefix")
        same_names = not replaces
        if address_differs(_olds, _news):
            replaces.append("connection")
        changes = bool(replaces) or bool(differs(_olds, _news, "version", "onDelete", "keepVersions"))
        changes = changes or connection_differs(_olds, _news) or _files_differ(_olds.get("files"), _news.get("files"))
        # Two addresses may be one store: purging the old after creating the new would delete what was just adopted.
        purge_first = bool(replaces) and same_names and _olds.get("onDelete") == "purge"
        return DiffResult(changes=changes, replaces=replaces, delete_before_replace=purge_first)

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Upload or adopt the version."""
        inputs = ArtifactUploadInputs.model_validate(props)
        return CreateResult(_place(inputs), _outs(inputs, _upload(inputs)))

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Upload or adopt the new version; the old one stays."""
        inputs = ArtifactUploadInputs.model_validate(_news)
        return UpdateResult(_outs(inputs, _upload(inputs)))

    @plainly
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look at the manifest: gone means the version is gone, another content is shown as drift."""
        inputs = ArtifactUploadInputs.model_validate(props)
        objects = bucket_of(inputs.connection, inputs.bucket)
        try:
            manifest = read_manifest(objects, manifest_key(inputs.model_prefix, inputs.version))
        except NotInStore:
            # With its bucket.
            manifest = None
        if manifest is None:
            return ReadResult("", {})
        outs = _outs(inputs, UploadOutcome(manifest))
        if manifest.content.tree_digest == declared_tree(inputs.files):
            return ReadResult(id_, outs)
        found = manifest.content.as_inputs()
        given = inputs.recorded()
        return ReadResult(id_, outs | {"files": found}, given | {"files": found})

    @plainly
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Keep the version, and say so, or purge it where the stack says so."""
        inputs = ArtifactUploadInputs.model_validate(_props)
        if inputs.on_delete == "retain":
            progress.tell(
                inputs.urn, f"all versions of the model stay in {_place(inputs)}, and its tags; the stack forgets them"
            )
        else:
            count = purge_version(bucket_of(inputs.connection, inputs.bucket), inputs.model_prefix, inputs.version)
            progress.tell(inputs.urn, f"purged {count} files of version {inputs.version}")


class ArtifactUpload(DeclaredResource, module="modelstore", name="ArtifactUpload"):
    """A version of a model, brought into the store from where its files are."""

    def __init__(
        self,
        name: str,
        *,
        connection: pulumi.Input[Mapping[str, Any]],
        bucket: pulumi.Input[str],
        model_prefix: pulumi.Input[str],
        version: pulumi.Input[str],
        files: pulumi.Input[Mapping[str, str]],
        source: pulumi.Input[str] | Sequence[pulumi.Input[Mapping[str, Any]]] = "",
        on_delete: OnDelete = "retain",
        keep_versions: int | None = None,
        transfer: TransferSettings | None = None,
        namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the upload.

        `connection` is `Connection.to_inputs()`; `model_prefix` as of `layout.model_prefix`; `files` as of
        `Content.as_inputs()`; `source` a path, relative to the program's folder, or a list of what `to_inputs` of
        sources' settings returns, that is only needed while the version is not in the store; `transfer` limits the
        upload, and a change of it alone changes nothing. `namespace` is for messages.
        """
        props = {
            "connection": connection,
            "bucket": bucket,
            "modelPrefix": model_prefix,
            "version": version,
            "files": files,
            "source": source,
            "onDelete": on_delete,
            "keepVersions": keep_versions,
            "transfer": None if transfer is None else transfer.to_inputs(),
            "namespace": namespace,
            "urn": self.urn_of(name, opts),
            "manifestDigest": None,
        }
        super().__init__(ArtifactUploadProvider(), name, props, opts)

    @property
    def manifest_digest(self) -> pulumi.Output[str]:
        """`sha256:<hex>` of the manifest's text; known once the version is in the store."""
        return self.output("manifestDigest")


def _file_failures(news: Mapping[str, Any]) -> list[CheckFailure]:
    files = news.get("files")
    if not isinstance(files, Mapping) or not all(isinstance(value, str) for value in files.values()):
        # Not known yet, or refused already for its type.
        return []
    found = [CheckFailure(property_path(("files", path) if path else ("files",)), problem)
             for path, problem in files_problems(files).items()]  # fmt: skip
    if is_summary(files):
        return found
    for path in files:
        found += [CheckFailure(property_path(("files", path)), problem) for problem in path_problems(path)]
    found += [CheckFailure("files", problem) for problem in nesting_problems(list(files))]
    prefix, version = news.get("modelPrefix"), news.get("version")
    if isinstance(prefix, str) and isinstance(version, str):
        room = LONGEST_KEY - len(version_prefix(prefix, version).encode())
        found += [
            CheckFailure(property_path(("files", path)), f"with its prefix the key is longer than {LONGEST_KEY} bytes")
            for path in files
            if len(path.encode("utf-8", "replace")) > room
        ]
    return found


def _conflict(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[CheckFailure]:
    """A version that this stack has deployed with other files: the store would refuse it."""
    moved = differs(olds, news, "bucket", "modelPrefix", "version") or address_differs(olds, news)
    known = isinstance(olds.get("files"), Mapping) and isinstance(news.get("files"), Mapping)
    if moved or not known or not _files_differ(olds["files"], news["files"]):
        return []
    reason = (
        f"the version {news['version']!r} is deployed with other files, and versions are immutable: choose a new "
        "version, or leave it unset to have it follow the content"
    )
    return [CheckFailure("version", reason)]


def _files_differ(old: Any, new: Any) -> bool:
    try:
        return declared_tree(old) != declared_tree(new)
    except (TypeError, ValueError, AttributeError):
        # Not known yet, or written by another release: equal only when the same.
        return bool(old != new)


def _place(inputs: ArtifactUploadInputs) -> str:
    return f"{inputs.connection.scheme}://{inputs.bucket}/{inputs.model_prefix}"


def _upload(inputs: ArtifactUploadInputs) -> UploadOutcome:
    request = UploadRequest(
        inputs.model_prefix, inputs.version, inputs.files, inputs.source, inputs.urn, config=stack_configuration()
    )
    outcome = upload_version(bucket_of(inputs.connection, inputs.bucket), request, settings=inputs.transfer)
    total = human_size(outcome.manifest.content.total_bytes)
    if not outcome.receipts:
        progress.tell(inputs.urn, f"version {inputs.version} ({total}) is in the store already")
        return outcome
    methods = ", ".join(f"{method} ({count} files)" for method, count in sorted(outcome.methods.items()))
    resumed = f", {human_size(outcome.kept)} were there from an earlier run" if outcome.kept else ""
    copied = f", {human_size(outcome.copied)} were copied within the store" if outcome.copied else ""
    progress.tell(
        inputs.urn, f"sent {human_size(outcome.sent)} of {total}{resumed}{copied}; verified by the store's {methods}"
    )
    return outcome


def _outs(inputs: ArtifactUploadInputs, outcome: UploadOutcome) -> dict[str, Any]:
    import hashlib

    digest = hashlib.sha256(outcome.manifest.to_json().encode("utf-8")).hexdigest()
    return inputs.recorded() | {"manifestDigest": f"sha256:{digest}"}
