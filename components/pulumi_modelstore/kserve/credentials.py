"""`KServeCredentials`: the ServiceAccount with which pods of one Kubernetes namespace read models."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.kubernetes import (
    annotations_problems,
    label_name_problems,
    labels_problems,
    subdomain_name_problems,
)
from pulumi_modelstore.identity.protocol import Identity
from pulumi_modelstore.keys.source import KeySource
from pulumi_modelstore.kserve.access import access_by_identity, access_by_key, check_access
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.kserve.openshift_ai import check_connection, connection_of
from pulumi_modelstore.kserve.pull_secrets import check_pull_secrets
from pulumi_modelstore.kserve.registry import RegistryCredentials
from pulumi_modelstore.namespace import StorageNamespace


class KServeCredentials(CheckedComponent):
    """One Secret in the form that KServe's storage initializer reads, and a ServiceAccount that lists it.

    A rotated key changes the Secret. Unless the stack's `kubernetes` provider has `enableSecretMutable`, it deletes the
    Secret and makes it anew; pods that start in between wait for it.

    With an `identity` there is neither key nor Secret: the ServiceAccount is annotated with what its pods become in the
    cloud that the bucket is in.

    Args:
        name: of the component, and of both Kubernetes objects unless they are named.
        namespace: what is read.
        keys: the pair or single key to read with; its current key goes into the Secret.
        identity: in place of keys, `AwsIrsa(...)`, `GcpWorkloadIdentity(...)` or `AzureFederatedIdentity(...)`.
        kubernetes_namespace: where the objects live, and the only place they are good for.
        secret_name: name of the Secret.
        service_account_name: name of the ServiceAccount.
        labels: labels of both objects.
        annotations: annotations of the ServiceAccount, beside those that KServe and the cloud read.
        pull_secrets: what images are pulled with beside: `RegistryCredentials(...)`, or names of pull Secrets.
        openshift_ai: have the Secret be a connection in the dashboard of OpenShift AI too.
        automount_token: let pods talk to the Kubernetes API; nothing in KServe's pods needs it.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    secret_name: pulumi.Output[str]
    """Name of the Secret; empty where an identity takes its place."""
    service_account_name: pulumi.Output[str]
    """Name of the ServiceAccount, for `serviceAccountName` of a pod."""
    kubernetes_namespace: pulumi.Output[str]
    """Where both are."""
    checksum: pulumi.Output[str]
    """Changes with the key or the identity: as a pod annotation it makes consumers roll. Of the public part alone."""

    def __init__(
        self,
        name: str,
        *,
        namespace: StorageNamespace,
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
    ) -> None:
        check = ArgumentCheck("KServeCredentials", name)
        service_account_name = check.name if service_account_name is None else service_account_name
        labels, annotations = check.mapping("labels", labels), check.mapping("annotations", annotations)
        automount_token = check.flag("automount_token", automount_token)
        openshift_ai = check.flag("openshift_ai", openshift_ai)
        check_access(check, namespace, keys, identity, annotations)
        pulls = check_pull_secrets(check, pull_secrets, kubernetes_namespace)
        if openshift_ai:
            check_connection(check, namespace, identity)
        check.extend(label_name_problems(kubernetes_namespace, argument="kubernetes_namespace"))
        if identity is None:
            secret_name = check.name if secret_name is None else secret_name
            check.extend(subdomain_name_problems(secret_name, argument="secret_name"))
        elif secret_name is not None:
            check.add("secret_name", "is given beside identity, which needs no Secret", "Leave it out")
        check.extend(subdomain_name_problems(service_account_name, argument="service_account_name"))
        check.extend(labels_problems(labels, argument="labels"))
        check.extend(annotations_problems(annotations, argument="annotations"))
        super().__init__(check, opts)
        # Plain, for consumers in this program: they are checked against it, and refer to the account by name.
        self.account_name = service_account_name
        self.kubernetes_namespace_input = kubernetes_namespace
        self.namespace = namespace
        self.pod_labels: Mapping[str, str] = {}
        self.secret = secret_name if identity is None else None
        """Name of the Secret; None where an identity takes its place."""
        if self.refused:
            return
        account_metadata = _metadata(service_account_name, kubernetes_namespace, labels)
        if keys is not None:
            metadata = _metadata(secret_name or check.name, kubernetes_namespace, labels)
            form = connection_of(namespace) if openshift_ai else None
            access = access_by_key(check.name, namespace, keys, metadata, self.child_options(), connection=form)
        elif identity is not None:
            access = access_by_identity(check.name, namespace, identity, account_metadata, self)
        self.pod_labels = access.pod_labels
        given: dict[str, pulumi.Input[str]] = {**access.annotations, **annotations}
        service_account = KubernetesObject(
            f"{check.name}-service-account",
            api_version="v1",
            kind="ServiceAccount",
            manifest={
                "metadata": {**account_metadata, **({"annotations": given} if given else {})},
                **({"secrets": [{"name": name} for name in access.secrets]} if access.secrets else {}),
                **({"imagePullSecrets": [{"name": name} for name in pulls.names]} if pulls.names else {}),
                "automountServiceAccountToken": automount_token,
            },
            opts=self.child_options(depends_on=[*access.resources, *pulls.resources]),
        )
        self.objects = (*access.resources, *pulls.resources, service_account)
        self.secret_name = pulumi.Output.from_input(access.secrets[0] if access.secrets else "")
        self.service_account_name = pulumi.Output.from_input(service_account_name)
        self.kubernetes_namespace = pulumi.Output.from_input(kubernetes_namespace)
        self.checksum = pulumi.Output.from_input(access.principal).apply(
            lambda principal: hashlib.sha256(principal.encode()).hexdigest()[:16]
        )
        self.register_outputs(
            {
                "secretName": self.secret_name,
                "serviceAccountName": self.service_account_name,
                "kubernetesNamespace": self.kubernetes_namespace,
            }
        )


def _metadata(
    name: str, kubernetes_namespace: pulumi.Input[str], labels: Mapping[str, str]
) -> dict[str, pulumi.Input[str] | dict[str, str]]:
    metadata: dict[str, pulumi.Input[str] | dict[str, str]] = {"name": name, "namespace": kubernetes_namespace}
    if labels:
        metadata["labels"] = dict(labels)
    return metadata
