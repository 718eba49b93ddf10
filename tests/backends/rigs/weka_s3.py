"""Weka: a stub of its REST interface, data on a real gateway. The one is written from Weka's documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backends.rig import Rig, RigTools, Stack, StoreKey
from backends.s3_rig import S3Rig
from servers.versitygw import VersityGateway
from stubs.weka import WekaStub, weka_stub


class WekaRig(S3Rig):
    """The gateway as Weka's S3."""

    kind = "weka-s3"

    def __init__(self, gateway: VersityGateway, stub: WekaStub, tools: RigTools) -> None:
        root = StoreKey(gateway.access_key_id, gateway.secret_access_key)
        super().__init__(gateway.endpoint, root, folder=tools.folder, region=gateway.region)
        self.stub = stub
        user = {"WEKA_ACCESS_KEY_ID": stub.s3_user, "WEKA_SECRET_ACCESS_KEY": stub.s3_password}
        self.environment = {**self.environment, **user}

    def settings(self, bucket: str) -> dict[str, Any]:
        return {**super().settings(bucket), "api": self.stub.url, "admin_credentials": "env:WEKA"}

    def key_ids(self) -> set[str] | None:
        return set(self.stub.accounts)

    def add_key(self, stack: Stack) -> str | None:
        """Another account with the policy of the principal's own."""
        key = stack.of_type(":StoreAccessKey")[-1]
        return self.stub.add_account(self.stub.accounts[key.id]["policy"] | {})[0]

    def drop_key(self, key_id: str) -> None:
        if key_id in self.stub.accounts:
            self.stub.remove_account(key_id)


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """The session's gateway behind a stub of the interface."""
    gateway = tools.fixture("versitygw")
    with weka_stub(gateway) as stub:
        yield WekaRig(gateway, stub, tools)
