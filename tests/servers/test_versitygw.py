"""The gateway does what the tests that rely on it take for granted."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from servers.versitygw import VersityGateway


def _policy(bucket: str) -> str:
    statements = [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{bucket}"},
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{bucket}/*"},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_issued_key_reaches_its_bucket_until_it_is_deleted(versitygw: VersityGateway) -> None:
    root, iam = versitygw.client(), versitygw.client("iam")
    for bucket in ("gateway-own", "gateway-other"):
        root.create_bucket(Bucket=bucket)
    root.put_object(Bucket="gateway-other", Key="a", Body=b"not yours")
    iam.create_user(UserName="gateway-reader")
    iam.put_user_policy(UserName="gateway-reader", PolicyName="own", PolicyDocument=_policy("gateway-own"))
    key = iam.create_access_key(UserName="gateway-reader")["AccessKey"]
    issued = versitygw.client(key=(key["AccessKeyId"], key["SecretAccessKey"]))

    issued.put_object(Bucket="gateway-own", Key="a", Body=b"mine")
    assert issued.get_object(Bucket="gateway-own", Key="a")["Body"].read() == b"mine"
    with pytest.raises(ClientError, match="AccessDenied"):
        issued.get_object(Bucket="gateway-other", Key="a")

    iam.delete_access_key(UserName="gateway-reader", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        issued.get_object(Bucket="gateway-own", Key="a")


def test_third_key_of_a_user_is_refused(versitygw: VersityGateway) -> None:
    iam = versitygw.client("iam")
    iam.create_user(UserName="gateway-three-keys")
    for _ in range(2):
        iam.create_access_key(UserName="gateway-three-keys")
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.create_access_key(UserName="gateway-three-keys")
