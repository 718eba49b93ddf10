"""AWS: versitygw with its IAM, through the sandbox's provider for AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from backends.rig import Rig, RigTools, Stack, StoreKey
from backends.rigs.s3_compatible import VersityRig
from servers.versitygw import VersityGateway


class AwsRig(VersityRig):
    """The gateway in the place of S3 and IAM."""

    kind = "aws-s3"
    issues_keys = True
    cannot_create = "the gateway in AWS's place knows no public access block, encryption or lifecycle"

    def __init__(self, gateway: VersityGateway, tools: RigTools) -> None:
        super().__init__(gateway, tools)
        self.environment: Mapping[str, str] = gateway.environment()

    def settings(self, bucket: str) -> dict[str, Any]:
        return {"kind": self.kind, "endpoint": self.endpoint, "bucket": bucket, "region": self.region}

    def principals(self) -> set[str] | None:
        return {user["UserName"] for user in self.iam.list_users()["Users"]}

    def bring_key(self, bucket: str) -> StoreKey | None:
        return None

    def add_key(self, stack: Stack) -> str | None:
        (user,) = stack.of_type("iam/user:User")
        key_id: str = self.iam.create_access_key(UserName=user.id)["AccessKey"]["AccessKeyId"]
        return key_id


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """The session's gateway."""
    yield AwsRig(tools.fixture("versitygw"), tools)
