"""AWS: an IAM role that a ServiceAccount's own token assumes (IAM roles for service accounts)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar, Literal, cast
from urllib.parse import urlsplit

from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.backends.protocol import Backend
from pulumi_modelstore.backends.s3_policy import key_policy, partition_of
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.identity.protocol import DeclaredIdentity, IdentityRequest

if TYPE_CHECKING:
    import pulumi

    from pulumi_modelstore.backends.aws_s3 import AwsS3

_PROVIDER = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::\d{12}:oidc-provider/(?P<issuer>[^/\s]+(/\S*)?)")
_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::\d{12}:role/(\S*/)?[\w+=,.@-]{1,64}")
# IAM role names have 64 characters; the engine appends a hyphen and 7 of its own to "<name>-role".
_LONGEST_NAME = 51
_AWS_HOST = re.compile(r"(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$")
_AUDIENCE = "sts.amazonaws.com"


class AwsIrsa(CheckedSettings):
    """Pods assume an IAM role with the token of their ServiceAccount; EKS's pod identity webhook hands it to them.

    Args:
        oidc_provider_arn: ARN of the cluster's OpenID Connect provider in IAM. The stack makes a role that trusts the
            one ServiceAccount of that cluster and opens the namespace, nothing else.
        role_arn: in place of that, an existing role. Nothing about it is changed: it trusts the ServiceAccount and
            opens the bucket already.
        read_only: whether the role that the stack makes may only list and read.
    """

    backend_kind: ClassVar[str] = "aws-s3"
    annotation: ClassVar[str] = "eks.amazonaws.com/role-arn"

    kind: Literal["aws-irsa"] = "aws-irsa"
    oidc_provider_arn: TextInput | None = None
    role_arn: TextInput | None = None
    read_only: bool = True

    def problems(self, backend: Backend, name: str) -> list[Problem]:
        """Everything wrong with the settings, without asking AWS."""
        found: list[Problem] = []
        if self.oidc_provider_arn is None and self.role_arn is None:
            remedy = "Give the ARN of the cluster's OpenID Connect provider, or role_arn for a role that exists"
            found.append(Problem("oidc_provider_arn", "is missing", remedy))
        elif self.oidc_provider_arn is not None and self.role_arn is not None:
            remedy = "Give one of them: a role that exists is used as it is, with the trust that it has"
            found.append(Problem("role_arn", "is given beside oidc_provider_arn", remedy))
        if self.role_arn is not None and not self.read_only:
            remedy = "Leave it out, and give that role the policy it needs"
            found.append(Problem("read_only", "is false for a role that the stack does not make", remedy))
        found += _arn_problems("oidc_provider_arn", self.oidc_provider_arn, backend.region)
        found += _arn_problems("role_arn", self.role_arn, backend.region)
        if self.oidc_provider_arn is not None and len(name) > _LONGEST_NAME:
            remedy = f"Use at most {_LONGEST_NAME} characters in the component's name: it names an IAM role"
            found.append(Problem("oidc_provider_arn", f'is given for "{name}" of {len(name)} characters', remedy))
        return found + _endpoint_problems(cast("AwsS3", backend).endpoint)

    def declare(self, request: IdentityRequest) -> DeclaredIdentity:
        """Declare the role `<name>-role` with its inline policy, or take the existing one."""
        annotations = cast("AwsS3", request.backend).role_annotations()
        if self.role_arn is not None:
            return DeclaredIdentity(self.role_arn, {self.annotation: self.role_arn, **annotations})
        import pulumi_aws as aws

        backend = request.backend
        role = aws.iam.Role(
            f"{request.name}-role",
            assume_role_policy=derive(trust_policy, self.oidc_provider_arn, request.subject),
            opts=request.options(),
        )
        document = derive(
            lambda bucket: key_policy(
                bucket, backend.prefix, read_only=self.read_only, partition=partition_of(backend.region)
            ),
            request.bucket,
        )
        policy = aws.iam.RolePolicy(f"{request.name}-policy", role=role.name, policy=document, opts=request.options())
        return DeclaredIdentity(role.arn, {self.annotation: role.arn, **annotations}, resources=(role, policy))


def trust_policy(oidc_provider_arn: str, subject: str) -> str:
    """Who may assume the role: one ServiceAccount of one cluster, by a token that was made out to STS.

    Source: Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
    """
    issuer = oidc_provider_arn.partition(":oidc-provider/")[2]
    statement = {
        "Sid": "ServiceAccount",
        "Effect": "Allow",
        "Principal": {"Federated": oidc_provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": _AUDIENCE}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _arn_problems(argument: str, arn: pulumi.Input[str] | None, region: str) -> list[Problem]:
    if arn is None or not is_plain(arn):
        return []
    form, example = (_ROLE, "role/reader") if argument == "role_arn" else (_PROVIDER, "oidc-provider/host/id/ABC")
    partition = partition_of(region)
    match = form.fullmatch(arn)
    if match is None:
        remedy = f"Write it like arn:{partition}:iam::123456789012:{example}"
        return [Problem(argument, f'"{arn}" is no such ARN', remedy)]
    if match["partition"] == partition:
        return []
    found = f"is of partition {match['partition']}, and the bucket's region {region} of {partition}"
    return [Problem(argument, found, "Take one of the bucket's partition: a role opens nothing beyond its own")]


def _endpoint_problems(endpoint: pulumi.Input[str] | None) -> list[Problem]:
    """An endpoint that KServe cannot tell pods of: it sets one for all services of AWS, and S3's answers for no STS."""
    if endpoint is None or not is_plain(endpoint) or not _AWS_HOST.search(urlsplit(endpoint).hostname or ""):
        return []
    found = f"{endpoint} of the backend would be asked for the role too, and S3 gives none"
    remedy = "Leave the backend's endpoint out (a VPC endpoint is found by its private DNS name), or pass keys"
    return [Problem("endpoint", found, remedy)]
