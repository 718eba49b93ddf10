"""`KServeCredentials`: the Secret and ServiceAccount with which pods of one Kubernetes namespace read models."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.kubernetes import (
    annotations_problems,
    label_name_problems,
    labels_problems,
    subdomain_name_problems,
)
from pulumi_modelstore.backends.protocol import IssuedKey
from pulumi_modelstore.keys.source import KeySource
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.namespace import StorageNamespace


class KServeCredentials(CheckedComponent):
    """One Secret in the form that KServe's storage initializer reads, and a ServiceAccount that lists it.

    A rotated key changes the Secret. Unless the stack's `kubernetes` provider has `enableSecretMutable`, it deletes the
    Secret and makes it anew; pods that start in between wait for it.

    Args:
        name: of the component, and of both Kubernetes objects unless they are named.
        namespace: what is read.
        keys: the pair or single key to read with; its current key goes into the Secret.
        kubernetes_namespace: where the objects live, and the only place they are good for.
        secret_name: name of the Secret.
        service_account_name: name of the ServiceAccount.
        labels: labels of both objects.
        annotations: annotations of the ServiceAccount, beside those that KServe reads from the Secret.
        automount_token: let pods talk to the Kubernetes API; nothing in KServe's pods needs it.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    secret_name: pulumi.Output[str]
    """Name of the Secret."""
    service_account_name: pulumi.Output[str]
    """Name of the ServiceAccount, for `serviceAccountName` of a pod."""
    kubernetes_namespace: pulumi.Output[str]
    """Where both are."""
    checksum: pulumi.Output[str]
    """Changes when the key does: as a pod annotation it makes consumers roll. Derived from the public part alone."""

    def __init__(
        self,
        name: str,
        *,
        namespace: StorageNamespace,
        keys: KeySource,
        kubernetes_namespace: pulumi.Input[str] = "default",
        secret_name: str | None = None,
        service_account_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        automount_token: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("KServeCredentials", name)
        secret_name = check.name if secret_name is None else secret_name
        service_account_name = check.name if service_account_name is None else service_account_name
        usable = check.uses("namespace", namespace, StorageNamespace)
        labels, annotations = check.mapping("labels", labels), check.mapping("annotations", annotations)
        automount_token = check.flag("automount_token", automount_token)
        if (
            check.uses("keys", keys, KeySource, wanted="AccessKeyPair or AccessKey")
            and usable
            and keys.namespace is not namespace
        ):
            remedy = "Pass keys that were declared for the same namespace"
            check.add("keys", f"open another namespace than {namespace.given_name}", remedy)
        check.extend(label_name_problems(kubernetes_namespace, argument="kubernetes_namespace"))
        check.extend(subdomain_name_problems(secret_name, argument="secret_name"))
        check.extend(subdomain_name_problems(service_account_name, argument="service_account_name"))
        check.extend(labels_problems(labels, argument="labels"))
        check.extend(annotations_problems(annotations, argument="annotations"))
        super().__init__(check, opts)
        # Plain, for consumers in this program: they are checked against it, and refer to the objects by name.
        self.names = (secret_name, service_account_name)
        self.kubernetes_namespace_input = kubernetes_namespace
        self.namespace = namespace
        if self.refused:
            return
        form = namespace.backend.kserve_secret(IssuedKey(keys.access_key_id, keys.secret_access_key))
        secret = KubernetesObject(
            f"{check.name}-secret",
            api_version="v1",
            kind="Secret",
            manifest={
                "metadata": _metadata(secret_name, kubernetes_namespace, labels, form.annotations),
                "type": "Opaque",
                "data": {key: derive(_base64, value) for key, value in form.data.items()},
            },
            secret_fields=("data",),
            opts=self.child_options(),
        )
        service_account = KubernetesObject(
            f"{check.name}-service-account",
            api_version="v1",
            kind="ServiceAccount",
            manifest={
                "metadata": _metadata(service_account_name, kubernetes_namespace, labels, annotations),
                "secrets": [{"name": secret_name}],
                "automountServiceAccountToken": automount_token,
            },
            opts=self.child_options(depends_on=[secret]),
        )
        self.objects = (secret, service_account)
        self.secret_name = pulumi.Output.from_input(secret_name)
        self.service_account_name = pulumi.Output.from_input(service_account_name)
        self.kubernetes_namespace = pulumi.Output.from_input(kubernetes_namespace)
        self.checksum = keys.access_key_id.apply(lambda key: hashlib.sha256(key.encode()).hexdigest()[:16])
        self.register_outputs(
            {
                "secretName": self.secret_name,
                "serviceAccountName": self.service_account_name,
                "kubernetesNamespace": self.kubernetes_namespace,
            }
        )


def _metadata(
    name: str,
    kubernetes_namespace: pulumi.Input[str],
    labels: Mapping[str, str] | None,
    annotations: Mapping[str, pulumi.Input[str]] | None,
) -> dict[str, object]:
    metadata: dict[str, object] = {"name": name, "namespace": kubernetes_namespace}
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    return metadata


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
