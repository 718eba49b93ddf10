"""Files of the user's machine in a claim of a cluster, as part of a stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider import progress
from pulumi_modelstore_provider.artifacts.content import declared_tree, files_problems, is_summary, tree_digest
from pulumi_modelstore_provider.artifacts.source import locate, read_source
from pulumi_modelstore_provider.errors import SourceChanged
from pulumi_modelstore_provider.files.cluster import Cluster, NotInCluster
from pulumi_modelstore_provider.files.pod import FilesPod, files_of
from pulumi_modelstore_provider.files.session import FileSession
from pulumi_modelstore_provider.files.transfers import Outcome, remove_files, upload
from pulumi_modelstore_provider.files.upload_record import read_record, write_record
from pulumi_modelstore_provider.progress import TransferProgress
from pulumi_modelstore_provider.resources.adapter import Adapter, Inputs, checked, differs, plainly, property_path
from pulumi_modelstore_provider.resources.declaration import DeclaredResource

OnDelete = Literal["retain", "purge"]
_DEFAULTS = {"kubernetesNamespace": "default", "folder": "", "onDelete": "retain"}
"""What an input that is left out means."""


class VolumeFilesInputs(Inputs):
    """What an upload into a claim needs to know; `kubeconfig` is a path, never its content."""

    claim: str = Field(min_length=1)
    kubernetes_namespace: str = "default"
    folder: str = ""
    files: dict[str, str]
    source: str
    on_delete: OnDelete = "retain"
    kubeconfig: str | None = None
    context: str | None = None
    image: str = FilesPod.image
    user: int | None = None
    pull_secrets: list[str] = Field(default_factory=list)
    urn: str = Field(default="", repr=False)

    @property
    def place(self) -> str:
        """The folder, as messages and the id name it."""
        return f"{self.kubernetes_namespace}/{self.claim}:/{self.folder.strip('/')}"

    @property
    def pod(self) -> FilesPod:
        """The pod through which the files go."""
        return FilesPod(image=self.image, user=self.user, pull_secrets=tuple(self.pull_secrets))


class VolumeFilesProvider(Adapter):
    """Brings what changed; removes what it brought earlier and the source no longer has."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection, reads no file."""
        result = checked(news, VolumeFilesInputs)
        files = news.get("files")
        if isinstance(files, Mapping) and all(isinstance(value, str) for value in files.values()):
            result.failures += [
                CheckFailure(property_path(("files", path) if path else ("files",)), problem)
                for path, problem in files_problems(files).items()
            ]
        return result

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the place and the files' digests; how the pod is made and where the source lies is no difference."""
        olds, news = _DEFAULTS | _olds, _DEFAULTS | _news
        replaces = differs(olds, news, "claim", "kubernetesNamespace", "folder")
        changes = bool(replaces) or bool(differs(olds, news, "onDelete"))
        try:
            changes = changes or declared_tree(_olds["files"]) != declared_tree(_news["files"])
        except (KeyError, TypeError, ValueError, AttributeError):
            # Not known yet.
            changes = changes or _olds.get("files") != _news.get("files")
        return DiffResult(changes=changes, replaces=replaces, delete_before_replace=bool(replaces))

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Bring the files."""
        inputs = VolumeFilesInputs.model_validate(props)
        _bring(inputs)
        return CreateResult(inputs.place, inputs.recorded())

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Bring what changed."""
        inputs = VolumeFilesInputs.model_validate(_news)
        _bring(inputs)
        return UpdateResult(inputs.recorded())

    @plainly
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Compare what is there, by digest: a claim that is gone took the files with it, changes show as drift."""
        inputs = VolumeFilesInputs.model_validate(props)
        try:
            with _session(inputs) as session:
                there = _there(session, inputs)
        except NotInCluster:
            return ReadResult("", {})
        found = dict(inputs.files)
        if is_summary(inputs.files):
            tree = tree_digest(there)
            found = found if tree == inputs.files["tree"] else {**found, "tree": tree}
        else:
            found = {path: text for path, text in found.items() if there.get(path) == text.split(" ", 1)[0]}
        recorded = inputs.recorded()
        if found == inputs.files:
            return ReadResult(id_, recorded)
        return ReadResult(id_, recorded | {"files": found}, recorded | {"files": found})

    @plainly
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Leave the files, and say so, or remove those that were brought."""
        inputs = VolumeFilesInputs.model_validate(_props)
        if inputs.on_delete == "retain":
            progress.tell(inputs.urn, f"the files stay in {inputs.place}; the stack forgets them")
            return
        try:
            with _session(inputs) as session:
                removed = remove_files(session, inputs.folder, read_record(session, inputs.folder))
        except NotInCluster:
            return
        progress.tell(inputs.urn, f"removed {removed} files from {inputs.place}")


class VolumeFiles(DeclaredResource, module="modelstore", name="VolumeFiles"):
    """Files in a claim; `VolumeFiles` of the components declares it."""

    def __init__(self, name: str, *, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        """Declare the files; `inputs` are those of `VolumeFilesInputs` by their Python names."""
        named = {VolumeFilesInputs.model_fields[key].alias or key: value for key, value in inputs.items()}
        super().__init__(VolumeFilesProvider(), name, {**named, "urn": self.urn_of(name, opts)}, opts)


def _bring(inputs: VolumeFilesInputs) -> Outcome:
    source = locate(inputs.source, base=Path.cwd())
    content = read_source(inputs.source, base=Path.cwd())
    if content.tree_digest != declared_tree(inputs.files):
        raise SourceChanged(
            "The source changed since the program ran",
            on=str(source),
            remedy="Run again: the preview shows what it is now",
        )
    telling = TransferProgress(inputs.urn, "uploading", content.total_bytes)
    with _session(inputs) as session:
        earlier = read_record(session, inputs.folder)
        # First what is to be removed later, should this run be cut off: old and new together.
        write_record(session, inputs.folder, {*earlier, *content.digests})
        advance: Callable[[int, bool], None] = lambda count, moved: telling.advance(count, moved=moved)  # noqa: E731
        outcome = upload(session, source, inputs.folder, content, advance=advance)
        removed = remove_files(session, inputs.folder, earlier - content.digests.keys())
        write_record(session, inputs.folder, set(content.digests))
    there = f"{len(outcome.kept)} were there"
    progress.tell(inputs.urn, f"{len(outcome.moved)} files uploaded, {there}, {removed} removed; digests agree")
    return outcome


def _there(session: FileSession, inputs: VolumeFilesInputs) -> dict[str, str]:
    """Digests of the files that were brought and are there."""
    if session.type_of(inputs.folder) != "folder":
        return {}
    ours = read_record(session, inputs.folder)
    entries = session.list(inputs.folder, recursive=True, digests=True)
    return {entry.path: entry.digest for entry in entries if entry.digest is not None and entry.path in ours}


@contextmanager
def _session(inputs: VolumeFilesInputs) -> Iterator[FileSession]:
    cluster = Cluster(inputs.kubernetes_namespace, inputs.kubeconfig, inputs.context)
    with files_of(cluster, inputs.claim, inputs.pod, say=lambda text: progress.tell(inputs.urn, text)) as session:
        yield session
