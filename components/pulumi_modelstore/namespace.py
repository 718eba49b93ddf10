"""`StorageNamespace`: a named place for models in one bucket, or in a part of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.protocol import Backend
from pulumi_modelstore.keys.budget import KeyBudget
from pulumi_modelstore.places import claim_place

if TYPE_CHECKING:
    from pulumi_modelstore.identity.protocol import Identity
    from pulumi_modelstore.keys.source import KeySource
    from pulumi_modelstore.kserve.credentials import KServeCredentials
    from pulumi_modelstore.kserve.registry import RegistryCredentials

_LONGEST_DESCRIPTION = 1024


class StorageNamespace(CheckedComponent):
    """A bucket: created, closed to the public, encrypted and TLS only where the backend can, or adopted as it is.

    Leaving the stack takes away its configuration; the bucket, the settings that protect it and every object stay.

    Args:
        name: unique in the stack.
        backend: where the bucket is: `AwsS3(...)`, `Gcs(...)`, `AzureBlob(...)`, `Minio(...)`, `CephRgw(...)`,
            `VastS3(...)`, `WekaS3(...)`, `CloudflareR2(...)`, `S3Compatible(...)`. Bucket and prefix belong to one
            namespace only.
        description: shown by `modelstore namespaces`; at most 1,024 characters.
        adopt: the bucket exists; it is read, and nothing about it or in it is changed.
        audit: where the store is to write down who read and wrote what; refused where it has no such log.
        opts: options of the component; `providers` reaches its children.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    name: pulumi.Output[str]
    """The namespace's name."""
    description: pulumi.Output[str]
    """What it is for; empty where nothing was said."""
    backend_kind: pulumi.Output[str]
    """The kind of the backend, such as `aws-s3`."""
    bucket: pulumi.Output[str]
    """Name of the bucket."""
    region: pulumi.Output[str]
    """Region of the bucket."""
    endpoint: pulumi.Output[str]
    """URL at which clients find the store."""
    prefix: pulumi.Output[str]
    """The part of the bucket that the namespace takes; empty for all of it."""
    connection: pulumi.Output[dict[str, Any]]
    """How the deployer reaches the store: settings, with credentials by reference."""

    def __init__(
        self,
        name: str,
        *,
        backend: Backend,
        description: str | None = None,
        adopt: bool = False,
        audit: AccessLog | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("StorageNamespace", name)
        if not check.uses_settings(backend):
            pass
        elif isinstance(backend, Backend):
            problems = backend.problems()
            check.extend(problems, under="backend")
            check.extend([] if problems else claim_place(backend, check.name))
        else:
            check.add("backend", f"{type(backend).__name__} is no backend", "Pass AwsS3(...), Gcs(...) or the like")
        description = check.text("description", description)
        adopt = check.flag("adopt", adopt)
        if adopt and isinstance(backend, Backend):
            check.extend(backend.adoption_problems(), under="backend")
        _check_audit(check, backend, audit, adopt=adopt)
        if description is not None and len(description) > _LONGEST_DESCRIPTION:
            remedy = f"Shorten it to {_LONGEST_DESCRIPTION} characters"
            check.add("description", f"has {len(description)} characters", remedy)
        super().__init__(check, opts)
        self.backend = backend
        self.keys = KeyBudget(check.name)
        self.models: dict[str, str] = {}
        """Names of the models declared here, each with the artifact that declares it."""
        if self.refused:
            return
        declared = backend.declare_bucket(check.name, self, adopt=adopt, audit=audit)
        self.guarded_by = tuple(declared.guarded_by)
        self.bucket_input = declared.name
        outputs: dict[str, Any] = {
            "name": check.name,
            "description": description or "",
            "backend": backend.kind,
            "bucket": declared.name,
            "region": backend.region,
            "endpoint": backend.endpoint_url(),
            "prefix": backend.prefix.strip("/"),
            "connection": backend.connection(),
        }
        for key, value in outputs.items():
            setattr(self, "backend_kind" if key == "backend" else key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)

    def key(self, path: str) -> str:
        """The object key of a path in the namespace; a slash at the end is kept."""
        prefix = self.backend.prefix.strip("/")
        return f"{prefix}/{path.lstrip('/')}" if prefix else path.lstrip("/")

    def uri(self, path: str = "") -> pulumi.Input[str]:
        """The storage URI of a path, as KServe takes it; plain, so that previews show it, where the bucket's name is.

        A folder needs its slash at the end: without it KServe also downloads whatever else begins with that name.
        """
        return "" if self.refused else self.backend.uri(self.key(path))

    def kserve_credentials(
        self,
        name: str,
        *,
        keys: KeySource | None = None,
        identity: Identity | None = None,
        kubernetes_namespace: pulumi.Input[str] = "default",
        secret_name: str | None = None,
        service_account_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        pull_secrets: Sequence[RegistryCredentials | str] = (),
        openshift_ai: bool = False,
        automount_token: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> KServeCredentials:
        """Declare the ServiceAccount with which KServe reads from here, by keys or identity: `KServeCredentials`."""
        from pulumi_modelstore.kserve.credentials import KServeCredentials

        return KServeCredentials(
            name,
            namespace=self,
            keys=keys,
            identity=identity,
            kubernetes_namespace=kubernetes_namespace,
            secret_name=secret_name,
            service_account_name=service_account_name,
            labels=labels,
            annotations=annotations,
            pull_secrets=pull_secrets,
            openshift_ai=openshift_ai,
            automount_token=automount_token,
            opts=opts,
        )


def _check_audit(check: ArgumentCheck, backend: Backend, audit: AccessLog | None, *, adopt: bool) -> None:
    if audit is None or not check.uses_settings(audit) or not isinstance(backend, Backend):
        return
    if not isinstance(audit, AccessLog):
        check.add("audit", f"{type(audit).__name__} is no access log", "Pass AccessLog(bucket=...)")
        return
    problems = backend.audit_problems(audit)
    if adopt:
        remedy = "Leave one of them out: an adopted bucket is not changed"
        problems = [*problems, Problem("audit", "is set together with adopt=True", remedy)]
    check.extend(problems)
