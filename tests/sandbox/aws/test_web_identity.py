"""A role assumed with a ServiceAccount's token: whom its trust policy names, and what its own policy opens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pod.cloud_webhooks import AWS_AUDIENCE as AUDIENCE
from pod.cloud_webhooks import ISSUER, service_account_token
from pulumi_modelstore_sandbox.aws.endpoint import AwsEndpoint
from sandbox.aws.conftest import client
from sandbox.aws.driver import Driver, Resource
from sandbox.aws.test_check import BUCKET, policy, statement
from sandbox.aws.test_resources import ROLE, ROLE_POLICY, unique

SUBJECT = "system:serviceaccount:serving:reader"


def token(**claims: Any) -> str:
    return service_account_token(SUBJECT, AUDIENCE, **claims)


def trust(**claims: str) -> str:
    conditions = {f"{ISSUER}:{claim}": value for claim, value in claims.items()}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": conditions},
            },
        }
    )


@pytest.fixture
def role(driver: Driver) -> Resource:
    return driver.create(ROLE, "reader", {"assumeRolePolicy": trust(sub=SUBJECT, aud=AUDIENCE)})


def assume(aws: AwsEndpoint, role_arn: str, identity: str) -> Mapping[str, str]:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    sts = boto3.client("sts", endpoint_url=aws.url, region_name=aws.region, config=Config(signature_version=UNSIGNED))
    answer = sts.assume_role_with_web_identity(RoleArn=role_arn, RoleSessionName="pod", WebIdentityToken=identity)
    credentials: Mapping[str, str] = answer["Credentials"]
    return credentials


def test_the_trusted_account_reads_what_the_role_s_policy_opens(
    driver: Driver, aws: AwsEndpoint, s3: Any, role: Resource
) -> None:
    own, other = unique("own"), unique("other")
    for bucket in (own, other):
        driver.create(BUCKET, bucket, {"bucket": bucket})
        s3.put_object(Bucket=bucket, Key="models/a", Body=b"a")
    rights = policy(statement(Action="s3:GetObject", Resource=f"arn:aws:s3:::{own}/*"))
    driver.create(ROLE_POLICY, "rights", {"role": role.id, "policy": rights})

    import boto3

    given = assume(aws, role.outputs["arn"], token())
    pod = boto3.client(
        "s3",
        endpoint_url=aws.url,
        region_name=aws.region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert pod.get_object(Bucket=own, Key="models/a")["Body"].read() == b"a"
    for denied in (
        lambda: pod.get_object(Bucket=other, Key="models/a"),
        lambda: pod.put_object(Bucket=own, Key="models/a", Body=b"b"),
        lambda: client("s3", aws, given["AccessKeyId"], given["SecretAccessKey"]).get_object(
            Bucket=own, Key="models/a"
        ),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|InvalidAccessKeyId"):
            denied()


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"sub": "system:serviceaccount:serving:another"}, "AccessDenied"),
        ({"sub": "system:serviceaccount:other:reader"}, "AccessDenied"),
        ({"aud": ["https://kubernetes.default.svc"]}, "AccessDenied"),
        ({"iss": "https://oidc.cluster.example/id/ANOTHER"}, "AccessDenied"),
        ({"exp": 1}, "ExpiredTokenException"),
    ],
    ids=["account", "namespace", "audience", "cluster", "expired"],
)
def test_nobody_else_assumes_it(aws: AwsEndpoint, role: Resource, claims: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        assume(aws, role.outputs["arn"], token(**claims))
    assert refused.value.response["Error"]["Code"] == code


def test_no_token_and_no_role(aws: AwsEndpoint, role: Resource) -> None:
    with pytest.raises(ClientError, match="InvalidIdentityToken"):
        assume(aws, role.outputs["arn"], "not.a.token")
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(aws, "arn:aws:iam::123456789012:role/nobodys", token())


def test_other_calls_still_need_a_signature(aws: AwsEndpoint) -> None:
    sts = client("sts", aws, "AKIAUNKNOWN000000000", "x" * 40)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()
