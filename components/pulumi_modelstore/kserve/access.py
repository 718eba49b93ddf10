"""What lets pods read from a namespace: a Secret with a key, or an identity of its cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.backends.protocol import IssuedKey
from pulumi_modelstore.identity.check import check_identity
from pulumi_modelstore.identity.protocol import Identity, IdentityRequest
from pulumi_modelstore.keys.source import KeySource
from pulumi_modelstore.kserve.openshift_ai import Connection
from pulumi_modelstore.kserve.secret_data import declare_secret
from pulumi_modelstore.namespace import StorageNamespace


@dataclass(frozen=True)
class Access:
    """What a ServiceAccount and its pods need.

    Args:
        principal: who reads: a key's id or an identity's name. No secret.
        secrets: names of the Secrets that the ServiceAccount lists.
        annotations: of the ServiceAccount.
        pod_labels: of the pods.
        resources: what must be in place before a pod starts.
    """

    principal: pulumi.Input[str]
    secrets: Sequence[str] = ()
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    resources: Sequence[pulumi.Resource] = ()


def check_access(
    check: ArgumentCheck, namespace: StorageNamespace, keys: Any, identity: Any, annotations: Mapping[str, Any]
) -> None:
    """Check that there is one of keys and identity, and that it opens the namespace."""
    usable = check.uses("namespace", namespace, StorageNamespace)
    if keys is None and identity is None:
        check.add("keys", "are missing", "Pass AccessKeyPair(...), or an identity in its place")
    if keys is not None and identity is not None:
        remedy = "Pass one of them: an identity takes the place of keys"
        check.add("identity", "is given beside keys", remedy)
    if (
        keys is not None
        and check.uses("keys", keys, KeySource, wanted="AccessKeyPair or AccessKey")
        and usable
        and keys.namespace is not namespace
    ):
        remedy = "Pass keys that were declared for the same namespace"
        check.add("keys", f"open another namespace than {namespace.given_name}", remedy)
    if identity is not None:
        check_identity(check, identity, namespace if usable else None, annotations)


def access_by_key(
    name: str,
    namespace: StorageNamespace,
    keys: KeySource,
    metadata: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    *,
    connection: Connection | None = None,
) -> Access:
    """Declare the Secret `<name>-secret` with the current key, in the form that KServe reads, and others beside it."""
    form = namespace.backend.kserve_secret(IssuedKey(keys.access_key_id, keys.secret_access_key))
    annotations, data = dict(form.annotations), dict(form.data)
    if connection is not None:
        annotations, data = annotations | dict(connection.annotations), data | dict(connection.data)
        metadata = {**metadata, "labels": {**metadata.get("labels", {}), **connection.labels}}
    if annotations:
        metadata = {**metadata, "annotations": annotations}
    secret = declare_secret(f"{name}-secret", metadata, data, opts)
    return Access(keys.access_key_id, secrets=[metadata["name"]], resources=[secret])


def access_by_identity(
    name: str,
    namespace: StorageNamespace,
    identity: Identity,
    metadata: Mapping[str, Any],
    parent: pulumi.Resource,
) -> Access:
    """Declare the identity, or take the existing one, for the ServiceAccount of that metadata."""
    declared = identity.declare(
        IdentityRequest(
            name=name,
            parent=parent,
            backend=namespace.backend,
            bucket=namespace.bucket_input,
            kubernetes_namespace=metadata["namespace"],
            service_account=metadata["name"],
            after=namespace.guarded_by,
        )
    )
    return Access(
        declared.principal,
        annotations=declared.annotations,
        pod_labels=declared.pod_labels,
        resources=declared.resources,
    )
