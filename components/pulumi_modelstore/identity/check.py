"""Whether an identity can stand in the place of keys, for one namespace and one ServiceAccount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.backends.protocol import Backend
from pulumi_modelstore.identity.protocol import Identity
from pulumi_modelstore.namespace import StorageNamespace

_OF_BACKEND = {
    "aws-s3": "AwsIrsa(oidc_provider_arn=...)",
    "gcs": "GcpWorkloadIdentity(project=...)",
    "azure-blob": "AzureFederatedIdentity(issuer_url=..., resource_group=...)",
}


def check_identity(
    check: ArgumentCheck, identity: Any, namespace: StorageNamespace | None, annotations: Mapping[str, Any]
) -> None:
    """Record everything that stands against the identity; `namespace` is None where it cannot be asked."""
    if not check.uses_settings(identity):
        return
    if not isinstance(identity, Identity):
        remedy = f"Pass one of {', '.join(_OF_BACKEND.values())}"
        check.add("identity", f"{type(identity).__name__} is no identity", remedy)
        return
    if identity.annotation in annotations:
        remedy = "Leave the annotation out: the identity writes it"
        check.add(f'annotations["{identity.annotation}"]', "is given beside identity", remedy)
    if namespace is None:
        return
    if namespace.backend.kind != identity.backend_kind:
        check.add("identity", *_mismatch(type(identity).__name__, namespace.given_name, namespace.backend))
        return
    check.extend(identity.problems(namespace.backend, check.name), under="identity")


def _mismatch(identity: str, namespace: str, backend: Backend) -> tuple[str, str]:
    fitting = _OF_BACKEND.get(backend.kind)
    if fitting is None:
        found = (
            f'{identity} opens nothing in namespace "{namespace}": a store of kind {backend.kind} knows no identities'
        )
        return f"{found} of a cloud", "Pass keys=AccessKeyPair(...) in its place"
    return (
        f'{identity} opens nothing in namespace "{namespace}", which is on {backend.kind}',
        f"Pass {fitting}, or keys",
    )
