"""Ceph: users and keys by its Admin Ops API, a bucket's owner who sets its policy."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from backends.rig import Rig, RigTools, Stack, StoreKey
from backends.s3_rig import S3Rig
from servers.ceph import CephServer


class CephRig(S3Rig):
    """A Ceph, the owner of buckets, and an administrator of users."""

    kind = "ceph-rgw"

    def __init__(self, server: CephServer, tools: RigTools) -> None:
        owner = StoreKey(server.owner.access_key_id, server.owner.secret_access_key)
        super().__init__(server.endpoint, owner, folder=tools.folder, region=server.region)
        self.server = server
        self.environment: Mapping[str, str] = {
            **self.environment,
            "CEPH_ADMIN_ACCESS_KEY_ID": server.administrator.access_key_id,
            "CEPH_ADMIN_SECRET_ACCESS_KEY": server.administrator.secret_access_key,
        }

    def settings(self, bucket: str) -> dict[str, Any]:
        return {**super().settings(bucket), "adminCredentials": "env:CEPH_ADMIN"}

    def key_ids(self) -> set[str] | None:
        return {key for user in self._consumers() for key in self.server.keys(user)}

    def principals(self) -> set[str] | None:
        return self._consumers()

    def _consumers(self) -> set[str]:
        return self.server.users() - {self.server.owner.user, self.server.administrator.user}

    def add_key(self, stack: Stack) -> str | None:
        (principal,) = stack.of_type(":Principal")
        key_id = f"ADDED{secrets.token_hex(6).upper()}"
        self.server.admin("PUT", "user", {"key": "", "uid": principal.id, "access-key": key_id})
        return key_id

    def drop_key(self, key_id: str) -> None:
        for user in self._consumers():
            if key_id in self.server.keys(user):
                self.server.admin("DELETE", "user", {"key": "", "uid": user, "access-key": key_id})


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """The session's server."""
    yield CephRig(tools.fixture("ceph"), tools)
