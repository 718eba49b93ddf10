"""What a cloud's identity for a ServiceAccount gives: all that the components know of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.protocol import Backend


@dataclass(frozen=True)
class IdentityRequest:
    """Access to a namespace for the pods of one ServiceAccount.

    Args:
        name: of the component that asks; resources are named `<name>-<role>`.
        parent: that component.
        backend: the namespace's.
        bucket: what is to be opened.
        kubernetes_namespace: where the ServiceAccount is.
        service_account: its name.
        after: resources that must be in place before anyone is let in.
    """

    name: str
    parent: pulumi.Resource
    backend: Backend
    bucket: pulumi.Input[str]
    kubernetes_namespace: pulumi.Input[str]
    service_account: str
    after: Sequence[pulumi.Resource] = ()

    @property
    def subject(self) -> pulumi.Input[str]:
        """The ServiceAccount as the `sub` of its tokens (Kubernetes documentation, "Managing Service Accounts")."""
        return derive(
            lambda namespace: f"system:serviceaccount:{namespace}:{self.service_account}", self.kubernetes_namespace
        )

    def options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a resource of the identity."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=[*self.after, *after])


@dataclass(frozen=True)
class DeclaredIdentity:
    """What pods of the ServiceAccount become.

    Args:
        principal: its name in the cloud: a role's ARN, an account's address, a client's id. No secret.
        annotations: of the ServiceAccount, for the cloud's webhook and for KServe.
        pod_labels: of the pods, for the cloud's webhook.
        resources: what is declared for it; pods start after these.
    """

    principal: pulumi.Input[str]
    annotations: Mapping[str, pulumi.Input[str]]
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    resources: Sequence[pulumi.Resource] = ()


@runtime_checkable
class Identity(Protocol):
    """Settings of one cloud's identities, and the resources that they turn into."""

    backend_kind: ClassVar[str]
    """The kind of backend that such an identity opens."""
    annotation: ClassVar[str]
    """The annotation of the ServiceAccount that names the identity."""

    def problems(self, backend: Backend, name: str) -> list[Problem]:
        """Everything wrong with the settings for the component `name`, for a backend of that kind."""
        ...

    def declare(self, request: IdentityRequest) -> DeclaredIdentity:
        """Declare the identity with access to the namespace and nothing else, or take the existing one as it is."""
        ...
