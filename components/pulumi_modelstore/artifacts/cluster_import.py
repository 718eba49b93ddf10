"""`via="cluster"`: checks the import of an artifact, and declares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.kubernetes import label_name_problems
from pulumi_modelstore.artifacts.import_job import LONGEST_JOB_NAME, ImportJob
from pulumi_modelstore.artifacts.import_objects import declare_import
from pulumi_modelstore.artifacts.import_request import InThePod, destination
from pulumi_modelstore.artifacts.pinned_content import PinnedContent
from pulumi_modelstore.artifacts.source_argument import cluster_problems
from pulumi_modelstore.keys.source import KeySource
from pulumi_modelstore.kserve.pull_secrets import PullSecrets, check_pull_secrets
from pulumi_modelstore.namespace import StorageNamespace
from pulumi_modelstore_provider.artifacts.sources.settings import SourceSettings

Via = Literal["client", "cluster"]
"""From where files are sent: the machine that deploys, or a Job in a cluster."""

_REQUEST = "request.json"
_SUFFIX = "-0123456789"


def checked_import(
    check: ArgumentCheck,
    via: Any,
    job: Any,
    namespace: Any,
    sources: Sequence[SourceSettings],
    pinned: PinnedContent,
    model_prefix: str,
    upload: Mapping[str, Any],
) -> ClusterImport | None:
    """Check `via` and `job`; the import where there is to be one and it can be told what it is to bring."""
    if via not in ("client", "cluster"):
        check.add("via", f"{via!r} is neither", 'Choose "client" or "cluster"')
    if via != "cluster":
        if job is not None:
            check.add("job", 'is given without via="cluster"', "Leave it out, or add that")
        return None
    check.extend(cluster_problems(sources))
    if job is None:
        check.add("job", 'is missing: via="cluster" runs one', "Pass ImportJob(keys=...)")
        return None
    if not check.settings("job", job, ImportJob, remedy="Pass ImportJob(keys=...)"):
        return None
    check.extend(job.problems(), under="job")
    pulls = check_pull_secrets(
        check, job.image_pull_secrets, job.kubernetes_namespace, argument="job.image_pull_secrets"
    )
    if not isinstance(namespace, StorageNamespace) or namespace.refused:
        return None
    asked = {"namespace": namespace.given_name, "modelPrefix": model_prefix}
    asked |= {name: upload[name] for name in ("version", "files")}
    if upload["transfer"] is not None:
        asked["transfer"] = upload["transfer"].to_inputs()
    return ClusterImport(check, namespace, job, pulls, [source.pinned for source in pinned.sources], asked)


class ClusterImport:
    """An import that is to run as a Job.

    Args:
        check: of the artifact; takes up what stands against the import.
        namespace: where the version goes.
        job: the Job's settings.
        pulls: what its image is fetched with.
        sources: pinned, as plain JSON.
        upload: what to bring, beside its place in the store and the sources.
    """

    def __init__(
        self,
        check: ArgumentCheck,
        namespace: StorageNamespace,
        job: ImportJob,
        pulls: PullSecrets,
        sources: Sequence[Mapping[str, Any]],
        upload: Mapping[str, Any],
    ) -> None:
        self._namespace, self._job, self._pulls, self._upload = namespace, job, pulls, upload
        self._check_name(check)
        self._check_keys(check)
        self._pod = InThePod(job)
        self._sources = self._pod.sources(sources)
        connection, credentials = destination(namespace, job)
        self._connection = derive(
            lambda known: self._pod.connection(known, credentials=credentials, name="target"), connection
        )
        check.extend(self._pod.problems)
        self._check_size(check)

    def declare(self, parent: CheckedComponent) -> pulumi.Resource:
        """Declare the Job and what it needs, and return it."""
        return declare_import(
            parent, self._job, self._files(), self._pod.variables, self._pulls, after=list(self._namespace.guarded_by)
        )

    def _check_name(self, check: ArgumentCheck) -> None:
        begins, argument = (self._job.name, "job.name") if self._job.name else (f"{check.name}-import", "name")
        if label_name_problems(f"{begins}{_SUFFIX}", argument=argument, longest=LONGEST_JOB_NAME):
            found = f'"{begins}" with a hyphen and ten digits is no name of a Job'
            check.add(argument, found, "Set job.name to lower-case letters, digits and hyphens, at most 52")

    def _check_keys(self, check: ArgumentCheck) -> None:
        keys = self._job.keys
        if not isinstance(keys, KeySource):
            return
        check.depends_on_refused = check.depends_on_refused or keys.refused
        if keys.namespace is not self._namespace:
            remedy = f'Pass keys of namespace "{self._namespace.given_name}"'
            check.add("job.keys", "open another namespace than the one that the version goes to", remedy)
        elif keys.read_only:
            check.add("job.keys", "may only read", "Pass keys without read_only: the Job writes with them")

    def _check_size(self, check: ArgumentCheck) -> None:
        from pulumi_modelstore_provider.transfer.request import MOST_REQUEST_BYTES

        files = self._files()
        size = sum(len(text.encode()) for text in files.values()) if is_plain(files) else 0
        if size > MOST_REQUEST_BYTES:
            found = f"make a request of {size} bytes, and a ConfigMap holds {MOST_REQUEST_BYTES}"
            check.add("source", found, 'Take fewer sources, or leave out via="cluster"')

    def _files(self) -> pulumi.Input[dict[str, str]]:
        from pulumi_modelstore_provider.transfer.request import request_text

        def files(connection: dict[str, Any], bucket: str) -> dict[str, str]:
            place = {"schemaVersion": 1, "connection": connection, "bucket": bucket}
            return {**self._pod.files, _REQUEST: request_text({**self._upload, **place, "sources": self._sources})}

        return derive(files, self._connection, self._namespace.bucket_input)
