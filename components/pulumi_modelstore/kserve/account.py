"""A ServiceAccount for pods that read from no namespace's bucket, and the one Secret that it lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.kubernetes import label_name_problems, labels_problems, subdomain_name_problems
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject


class Account(CheckedComponent):
    """What such components share.

    Attributes:
        account_name: name of the ServiceAccount, plain, for consumers in this program.
        secret: name of the Secret.
        kubernetes_namespace_input: where both are.
        objects: what must be in place before a pod starts: the Secret, where it is declared, and the ServiceAccount.
        pod_labels: labels of the pods; none.
    """

    account_name: str
    secret: str
    kubernetes_namespace_input: pulumi.Input[str]
    objects: Sequence[pulumi.Resource]
    pod_labels: Mapping[str, str]

    def __init__(
        self,
        check: ArgumentCheck,
        *,
        kubernetes_namespace: pulumi.Input[str],
        secret_name: str | None,
        service_account_name: str | None,
        labels: Any,
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        self._labels = dict(check.mapping("labels", labels))
        self.secret = check.name if secret_name is None else secret_name
        self.account_name = check.name if service_account_name is None else service_account_name
        check.extend(subdomain_name_problems(self.secret, argument="secret_name"))
        check.extend(subdomain_name_problems(self.account_name, argument="service_account_name"))
        check.extend(label_name_problems(kubernetes_namespace, argument="kubernetes_namespace"))
        check.extend(labels_problems(self._labels, argument="labels"))
        super().__init__(check, opts)
        self.kubernetes_namespace_input = kubernetes_namespace
        self.objects, self.pod_labels = (), {}

    def declare(self, secret: Mapping[str, Any] | None, account: Mapping[str, Any]) -> dict[str, pulumi.Output[str]]:
        """Declare both with these fields, and register the outputs; without a `secret` it is there already."""
        common = {
            "namespace": self.kubernetes_namespace_input,
            **({"labels": self._labels} if self._labels else {}),
        }
        declared: list[pulumi.Resource] = []
        if secret is not None:
            declared.append(
                KubernetesObject(
                    f"{self.given_name}-secret",
                    api_version="v1",
                    kind="Secret",
                    manifest={"metadata": {"name": self.secret, **common}, **secret},
                    secret_fields=("data",),
                    opts=self.child_options(),
                )
            )
        declared.append(
            KubernetesObject(
                f"{self.given_name}-service-account",
                api_version="v1",
                kind="ServiceAccount",
                manifest={
                    "metadata": {"name": self.account_name, **common},
                    **account,
                    "automountServiceAccountToken": False,
                },
                opts=self.child_options(depends_on=list(declared)),
            )
        )
        self.objects = tuple(declared)
        return {
            "secret_name": pulumi.Output.from_input(self.secret),
            "service_account_name": pulumi.Output.from_input(self.account_name),
            "kubernetes_namespace": pulumi.Output.from_input(self.kubernetes_namespace_input),
        }
