"""VAST: a stub of its management service, data on a real gateway. The one is written from VAST's documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backends.rig import Rig, RigTools, Stack, StoreKey
from backends.s3_rig import S3Rig
from servers.versitygw import VersityGateway
from stubs.vast import VastStub, vast_stub


class VastRig(S3Rig):
    """The gateway as VAST's S3, where the user of `env:STORE` may make buckets."""

    kind = "vast-s3"

    def __init__(self, gateway: VersityGateway, stub: VastStub, tools: RigTools) -> None:
        root = StoreKey(gateway.access_key_id, gateway.secret_access_key)
        super().__init__(gateway.endpoint, root, folder=tools.folder, region=gateway.region)
        self.stub = stub
        manager = {"VMS_ACCESS_KEY_ID": stub.user, "VMS_SECRET_ACCESS_KEY": stub.password}
        self.environment = {**self.environment, **manager}

    def settings(self, bucket: str) -> dict[str, Any]:
        management = {"vms": self.stub.url, "tenant": "ai", "admin_credentials": "env:VMS"}
        return {**super().settings(bucket), **management}

    def key_ids(self) -> set[str] | None:
        return self.stub.key_ids()

    def principals(self) -> set[str] | None:
        return {user.name for user in self.stub.users.values()} | {
            policy.name for policy in self.stub.policies.values()
        }

    def add_key(self, stack: Stack) -> str | None:
        (principal,) = stack.of_type(":Principal")
        user = self.stub.user_named(principal.id)
        assert user is not None
        return self.stub.add_key(user, 7)[0]

    def drop_key(self, key_id: str) -> None:
        for user in [*self.stub.users.values()]:
            if key_id in user.keys:
                self.stub.remove_key(user, key_id)


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """The session's gateway behind a stub of VMS."""
    gateway = tools.fixture("versitygw")
    with vast_stub(gateway) as stub:
        yield VastRig(gateway, stub, tools)
