"""MinIO: users, policies and access keys by its own administration interface."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import MinioAdminException

from backends.rig import Rig, RigTools, Stack, StoreKey
from backends.s3_rig import S3Rig
from pulumi_modelstore_provider.keys.minio_client import add_key_of
from servers.minio import MinioServer


class MinioRig(S3Rig):
    """A MinIO and its root user."""

    kind = "minio"

    def __init__(self, server: MinioServer, tools: RigTools) -> None:
        root = StoreKey(server.access_key_id, server.secret_access_key)
        super().__init__(server.endpoint, root, folder=tools.folder, region=server.region)
        self.server = server

    def key_ids(self) -> set[str] | None:
        return {key for user in self.server.users() for key in self.server.keys(user)}

    def principals(self) -> set[str] | None:
        return self.server.users()

    def add_key(self, stack: Stack) -> str | None:
        (principal,) = stack.of_type(":Principal")
        key_id = f"added-{secrets.token_hex(4)}"
        add_key_of(
            self.server.admin(),
            principal.id,
            key_id=key_id,
            secret=secrets.token_urlsafe(30),
            name="added",
            description="made by hand",
        )
        return key_id

    def drop_key(self, key_id: str) -> None:
        try:
            self.server.admin().delete_service_account(key_id)
        except MinioAdminException as error:
            if json.loads(error._body)["Code"] != "XMinioInvalidIAMCredentials":
                raise


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """The session's server."""
    yield MinioRig(tools.fixture("minio"), tools)
