"""Google Cloud: a service account that a Kubernetes ServiceAccount acts as (Workload Identity Federation for GKE)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.backends.protocol import Backend
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.identity.naming import identity_name
from pulumi_modelstore.identity.protocol import DeclaredIdentity, IdentityRequest

if TYPE_CHECKING:
    import pulumi
    import pulumi_gcp

# Google Cloud documentation, "Creating and managing projects"; a domain before a colon is of old projects.
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_POOL = re.compile(r"[a-z0-9.:-]+\.svc\.id\.goog")
_ACCOUNT = re.compile(r"[a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com")
# Google Cloud documentation, "Create service accounts".
_LONGEST_ACCOUNT_ID = 30


class GcpWorkloadIdentity(CheckedSettings):
    """Pods act as a service account of Google Cloud; GKE's metadata server gives them its tokens.

    Args:
        project: project in which the stack makes the service account, which opens the namespace and nothing else.
        pool: the cluster's workload identity pool; unset, `<project>.svc.id.goog`, which is right for a cluster of
            that project.
        service_account: in place of these, the address of an existing account. Nothing about it is changed: it lets
            the Kubernetes ServiceAccount act as it, and opens the bucket, already.
        read_only: whether the account that the stack makes may only list and read.
    """

    backend_kind: ClassVar[str] = "gcs"
    annotation: ClassVar[str] = "iam.gke.io/gcp-service-account"

    kind: Literal["gcp-workload-identity"] = "gcp-workload-identity"
    project: TextInput | None = None
    pool: TextInput | None = None
    service_account: TextInput | None = None
    read_only: bool = True

    def problems(self, backend: Backend, name: str) -> list[Problem]:  # noqa: ARG002 - the protocol's signature
        """Everything wrong with the settings, without asking Google Cloud."""
        found: list[Problem] = []
        if self.project is None and self.service_account is None:
            remedy = "Give the project to make a service account in, or service_account for one that exists"
            found.append(Problem("project", "is missing", remedy))
        if self.service_account is not None:
            unused = {"project": self.project is not None, "pool": self.pool is not None}
            remedy = "Leave it out: an account that exists is used as it is"
            found += [
                Problem(field, "is given beside service_account", remedy) for field, given in unused.items() if given
            ]
            if not self.read_only:
                remedy = "Leave it out, and give that account the role it needs"
                found.append(Problem("read_only", "is false for an account that the stack does not make", remedy))
        found += _form_problems("project", self.project, _PROJECT, "acme-models")
        found += _form_problems("pool", self.pool, _POOL, "acme-clusters.svc.id.goog")
        found += _form_problems(
            "service_account", self.service_account, _ACCOUNT, "reader@acme-models.iam.gserviceaccount.com"
        )
        return found

    def declare(self, request: IdentityRequest) -> DeclaredIdentity:
        """Declare the account `<name>-account`, what it opens and who may act as it, or take the existing one."""
        if self.service_account is not None:
            return DeclaredIdentity(self.service_account, {self.annotation: self.service_account})
        import pulumi_gcp as gcp

        account = gcp.serviceaccount.Account(
            f"{request.name}-account",
            account_id=identity_name(request.name, longest=_LONGEST_ACCOUNT_ID),
            display_name=request.name,
            project=self.project,
            opts=request.options(),
        )
        opened = gcp.storage.BucketIAMMember(
            f"{request.name}-access",
            bucket=request.bucket,
            role="roles/storage.objectViewer" if self.read_only else "roles/storage.objectUser",
            member=account.member,
            condition=_condition(request, gcp.storage.BucketIAMMemberConditionArgs),
            opts=request.options(),
        )
        member = gcp.serviceaccount.IAMMember(
            f"{request.name}-federation",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=derive(_member(request.service_account), self.project, self.pool, request.kubernetes_namespace),
            opts=request.options(),
        )
        return DeclaredIdentity(account.email, {self.annotation: account.email}, resources=(account, opened, member))


def _member(service_account: str) -> Callable[[str, str | None, str], str]:
    def member(project: str, pool: str | None, kubernetes_namespace: str) -> str:
        return f"serviceAccount:{pool or f'{project}.svc.id.goog'}[{kubernetes_namespace}/{service_account}]"

    return member


def _condition(
    request: IdentityRequest, form: type[pulumi_gcp.storage.BucketIAMMemberConditionArgs]
) -> pulumi_gcp.storage.BucketIAMMemberConditionArgs | None:
    """Narrow a role to the namespace's part of the bucket, whose names can all the same be listed.

    Listing is asked of the bucket, reading of the object (Google Cloud documentation, "Resource attributes for IAM
    Conditions"); as on other stores, the names of other objects can be seen, their contents cannot.
    """
    prefix = request.backend.prefix.strip("/")
    if not prefix:
        return None

    def expression(bucket: str) -> str:
        objects = f"projects/_/buckets/{bucket}/objects/{prefix}/"
        return f'resource.type == "storage.googleapis.com/Bucket" || resource.name.startsWith("{objects}")'

    return form(title="one prefix of the bucket", expression=derive(expression, request.bucket))


def _form_problems(
    argument: str, value: pulumi.Input[str] | None, form: re.Pattern[str], example: str
) -> list[Problem]:
    if value is None or not is_plain(value) or form.fullmatch(value):
        return []
    return [Problem(argument, f'"{value}" is none', f"Write it like {example}")]
