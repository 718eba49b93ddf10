"""Any S3 endpoint with keys brought along: versitygw, whose IAM stands for the store's console."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from backends.rig import Rig, RigTools, StoreKey
from backends.s3_rig import S3Rig
from servers.versitygw import VersityGateway


class VersityRig(S3Rig):
    """A gateway whose administrator makes keys by IAM."""

    kind = "s3-compatible"
    issues_keys = False

    def __init__(self, gateway: VersityGateway, tools: RigTools) -> None:
        root = StoreKey(gateway.access_key_id, gateway.secret_access_key)
        super().__init__(gateway.endpoint, root, folder=tools.folder, region=gateway.region)
        self.iam = self.client(service="iam", endpoint=gateway.iam_endpoint)
        self._brought = 0

    def _owners(self) -> dict[str, str]:
        """Each key's user."""
        users = [user["UserName"] for user in self.iam.list_users()["Users"]]
        return {
            key["AccessKeyId"]: user
            for user in users
            for key in self.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        }

    def key_ids(self) -> set[str] | None:
        return set(self._owners())

    def bring_key(self, bucket: str) -> StoreKey | None:
        self._brought += 1
        user = f"{bucket}-brought-{self._brought}"
        self.iam.create_user(UserName=user)
        self.iam.put_user_policy(UserName=user, PolicyName="read", PolicyDocument=json.dumps(_readable(bucket)))
        key = self.iam.create_access_key(UserName=user)["AccessKey"]
        return StoreKey(key["AccessKeyId"], key["SecretAccessKey"])

    def drop_key(self, key_id: str) -> None:
        owner = self._owners().get(key_id)
        if owner is not None:
            self.iam.delete_access_key(UserName=owner, AccessKeyId=key_id)


def _readable(bucket: str) -> dict[str, object]:
    statements = [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": f"arn:aws:s3:::{bucket}"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
    ]
    return {"Version": "2012-10-17", "Statement": statements}


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """The session's gateway."""
    yield VersityRig(tools.fixture("versitygw"), tools)
