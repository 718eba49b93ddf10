"""The gateway does what the tests that rely on it take for granted."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from servers.ceph import CephServer


def test_ceph_keeps_users_apart_until_a_policy_lets_one_in(ceph: CephServer) -> None:
    owner, guest = ceph.client(), ceph.new_user("gateway-guest")
    for bucket in ("gateway-own", "gateway-other"):
        owner.create_bucket(Bucket=bucket)
        owner.put_object(Bucket=bucket, Key="a", Body=bucket.encode())
    issued = ceph.client(key=(guest.access_key_id, guest.secret_access_key))
    with pytest.raises(ClientError, match="AccessDenied"):
        issued.get_object(Bucket="gateway-own", Key="a")

    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam:::user/gateway-guest"]},
        "Action": ["s3:GetObject"],
        "Resource": ["arn:aws:s3:::gateway-own/*"],
    }
    owner.put_bucket_policy(
        Bucket="gateway-own", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    assert issued.get_object(Bucket="gateway-own", Key="a")["Body"].read() == b"gateway-own"
    with pytest.raises(ClientError, match="AccessDenied"):
        issued.get_object(Bucket="gateway-other", Key="a")

    ceph.admin("DELETE", "user", {"key": "", "uid": "gateway-guest", "access-key": guest.access_key_id})
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        issued.get_object(Bucket="gateway-own", Key="a")


def test_ceph_limits_the_keys_of_a_user_not_at_all(ceph: CephServer) -> None:
    ceph.new_user("gateway-three-keys")
    for _ in range(2):
        ceph.admin("PUT", "user", {"key": "", "uid": "gateway-three-keys"})
    assert len(ceph.keys("gateway-three-keys")) == 3
