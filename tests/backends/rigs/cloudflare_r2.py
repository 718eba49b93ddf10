"""Cloudflare R2: a stand-in for its plugin, a stub of its API, data on a real gateway of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backends.rig import Rig, RigTools, Stack, StoreKey
from backends.s3_rig import S3Rig
from servers.versitygw import VersityGateway, versity_gateway
from standins.plugin import write_plugin
from stubs.cloudflare import ACCOUNT, CloudflareStub, cloudflare_stub


class CloudflareRig(S3Rig):
    """The gateway as R2. A principal exists by its tokens alone."""

    kind = "cloudflare-r2"
    holds_prefixes = False

    def __init__(self, gateway: VersityGateway, stub: CloudflareStub, tools: RigTools) -> None:
        root = StoreKey(gateway.access_key_id, gateway.secret_access_key)
        super().__init__(gateway.endpoint, root, folder=tools.folder, region=gateway.region)
        self.stub = stub
        plugins = tools.folder / "plugins"
        write_plugin(plugins, "cloudflare", "standins.cloudflare", {})
        self.path = [plugins]
        administrator = {"CLOUDFLARE_API_TOKEN": stub.api_token, "CLOUDFLARE_BASE_URL": f"{stub.url}/client/v4"}
        self.environment = {**self.environment, **administrator}

    def settings(self, bucket: str) -> dict[str, Any]:
        return {**super().settings(bucket), "account_id": ACCOUNT}

    def make_bucket(self, bucket: str) -> None:
        self.stub.make_bucket(bucket)

    def remove(self, bucket: str) -> None:
        super().remove(bucket)
        self.stub.forget_bucket(bucket)

    def key_ids(self) -> set[str] | None:
        with self.stub.lock:
            return set(self.stub.tokens)

    def add_key(self, stack: Stack) -> str | None:
        """Another token that its name makes one of the principal's."""
        key = stack.of_type(":StoreAccessKey")[-1]
        return self.stub.add_token(f"{key.inputs['principal']} by-hand", self.stub.tokens[key.id]["policies"])[0]

    def drop_key(self, key_id: str) -> None:
        self.stub.remove_token(key_id)


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """A gateway of its own, whose file of users the stub changes."""
    pytest.importorskip("pulumi_cloudflare", reason="pulumi-cloudflare is in the extra `cloudflare`")
    with versity_gateway(region="auto") as gateway, cloudflare_stub(gateway) as stub:
        yield CloudflareRig(gateway, stub, tools)
