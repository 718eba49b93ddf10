"""Google Cloud: a service account that a Kubernetes ServiceAccount acts as (Workload Identity Federation for GKE)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal, cast

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.backends.gcs_access import READER, WRITER, prefix_condition
from pulumi_modelstore.backends.protocol import Backend
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.identity.naming import identity_name
from pulumi_modelstore.identity.protocol import DeclaredIdentity, IdentityRequest

if TYPE_CHECKING:
    import pulumi_gcp

    from pulumi_modelstore.backends.gcs import Gcs

# Google Cloud documentation, "Creating and managing projects"; a domain before a colon is of old projects.
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_POOL = re.compile(r"[a-z0-9.:-]+\.svc\.id\.goog")
_ACCOUNT = re.compile(r"[a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com")
# Google Cloud documentation, "Create service accounts".
_LONGEST_ACCOUNT_ID = 30


class GcpWorkloadIdentity(CheckedSettings):
    """Pods act as a service account of Google Cloud; GKE's metadata server gives them its tokens.

    Args:
        project: project in which the stack makes the service account, which opens the namespace and nothing else;
            unset, the bucket's.
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
        gcs = cast("Gcs", backend)
        found: list[Problem] = []
        if gcs.keys == "hmac":
            remedy = 'Leave keys="hmac" of the backend out, or pass keys'
            found.append(Problem("backend", "is read by s3:// URIs, which take pairs of keys alone", remedy))
        if self.service_account is not None:
            unused = {"project": self.project, "pool": self.pool}
            remedy = "Leave it out: an account that exists is used as it is"
            found += [
                Problem(field, "is given beside service_account", remedy)
                for field, value in unused.items()
                if value is not None
            ]
            if not self.read_only:
                remedy = "Leave it out, and give that account the role it needs"
                found.append(Problem("read_only", "is false for an account that the stack does not make", remedy))
        elif self.project is None and gcs.project is None and self.pool is None:
            remedy = "Give the project here or to the backend, or service_account for an account that exists"
            found.append(Problem("project", "is missing, by which the cluster's pool is named", remedy))
        found += _form_problems("project", self.project, _PROJECT, "acme-models")
        found += _form_problems("pool", self.pool, _POOL, "acme-clusters.svc.id.goog")
        example = "reader@acme-models.iam.gserviceaccount.com"
        return found + _form_problems("service_account", self.service_account, _ACCOUNT, example)

    def declare(self, request: IdentityRequest) -> DeclaredIdentity:
        """Declare the account `<name>-account`, what it opens and who may act as it, or take the existing one."""
        if self.service_account is not None:
            return DeclaredIdentity(self.service_account, {self.annotation: self.service_account})
        import pulumi_gcp as gcp

        project = cast("Gcs", request.backend).project if self.project is None else self.project
        account = gcp.serviceaccount.Account(
            f"{request.name}-account",
            account_id=identity_name(request.name, longest=_LONGEST_ACCOUNT_ID),
            display_name=request.name,
            project=project,
            opts=request.options(),
        )
        opened = gcp.storage.BucketIAMMember(
            f"{request.name}-access",
            bucket=request.bucket,
            role=READER if self.read_only else WRITER,
            member=account.member,
            condition=_condition(request, gcp.storage.BucketIAMMemberConditionArgs),
            opts=request.options(),
        )

        def pod(project: str | None, pool: str | None, kubernetes_namespace: str) -> str:
            return (
                f"serviceAccount:{pool or f'{project}.svc.id.goog'}[{kubernetes_namespace}/{request.service_account}]"
            )

        federation = gcp.serviceaccount.IAMMember(
            f"{request.name}-federation",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=derive(pod, project, self.pool, request.kubernetes_namespace),
            opts=request.options(),
        )
        resources = (account, opened, federation)
        return DeclaredIdentity(account.email, {self.annotation: account.email}, resources=resources)


def _condition(
    request: IdentityRequest, form: type[pulumi_gcp.storage.BucketIAMMemberConditionArgs]
) -> pulumi_gcp.storage.BucketIAMMemberConditionArgs | None:
    prefix = request.backend.prefix.strip("/")
    if not prefix:
        return None
    expression = derive(lambda bucket: prefix_condition(bucket, prefix), request.bucket)
    return form(title="one prefix of the bucket", expression=expression)


def _form_problems(
    argument: str, value: pulumi.Input[str] | None, form: re.Pattern[str], example: str
) -> list[Problem]:
    if not isinstance(value, str) or form.fullmatch(value):
        return []
    return [Problem(argument, f'"{value}" is none', f"Write it like {example}")]
