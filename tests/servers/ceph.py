"""Ceph with one monitor, one object store in memory and its S3 gateway, on loopback, without services or disks."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servers.binaries import answers, free_port, running
from servers.ceph_programs import Programs, configuration

STEP_SECONDS = 60


@dataclass(frozen=True)
class CephKey:
    """A user of the gateway and its key pair."""

    user: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class CephServer:
    """A running gateway. `administrator` may manage users and buckets, `owner` is a plain user for buckets."""

    endpoint: str
    administrator: CephKey
    owner: CephKey
    region: str = "us-east-1"

    def client(self, *, key: tuple[str, str] | None = None) -> Any:
        """A boto3 S3 client as the owner, or with another key pair; it tries once."""
        import boto3
        from botocore.config import Config

        access_key_id, secret_access_key = key or (self.owner.access_key_id, self.owner.secret_access_key)
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def admin(self, method: str, path: str, query: Mapping[str, str]) -> Any:
        """One call of the Admin Ops API as the administrator; None for 404, else its JSON."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        text = urllib.parse.urlencode({"format": "json", **query}, quote_via=urllib.parse.quote)
        signed = AWSRequest(method, f"{self.endpoint}/admin/{path}?{text}")
        keys = Credentials(self.administrator.access_key_id, self.administrator.secret_access_key)
        S3SigV4Auth(keys, "s3", self.region).add_auth(signed)
        request = urllib.request.Request(signed.url, method=method, headers=dict(signed.headers.items()))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise AssertionError(f"{method} {path}: {error.code} {error.read()!r}") from None
        return json.loads(body) if body.strip() else None

    def new_user(self, user: str, **settings: str) -> CephKey:
        """Make a user with one key; `settings` are further parameters, such as `user_caps="users=read"`."""
        query = {name.replace("_", "-"): value for name, value in settings.items()}
        made = self.admin("PUT", "user", {"uid": user, "display-name": user, **query})
        key = made["keys"][0]
        return CephKey(made["user_id"], key["access_key"], key["secret_key"])

    def users(self) -> set[str]:
        """Ids of all users."""
        return set(self.admin("GET", "metadata/user", {}))

    def keys(self, user: str) -> set[str]:
        """Ids of a user's keys; none where there is no such user."""
        found = self.admin("GET", "user", {"uid": user})
        return {key["access_key"] for key in found["keys"]} if found else set()


@contextmanager
def ceph_server() -> Iterator[CephServer]:
    """Run monitor, object store and gateway on free loopback ports, everything in a folder that goes with them."""
    programs = Programs.found()
    folder = Path(tempfile.mkdtemp(prefix="ceph-"))
    monitor_port, gateway_port = free_port(), free_port()
    server = CephServer(
        f"http://127.0.0.1:{gateway_port}",
        CephKey("administrator", "ADMINISTRATOROFTESTS", "administrator-secret-for-tests"),
        CephKey("owner", "OWNEROFTESTSOWNER000", "owner-secret-for-tests"),
    )
    environment = programs.environment(folder)
    settings = folder / "ceph.conf"
    cluster = str(uuid.uuid4())
    settings.write_text(configuration(folder, programs, cluster=cluster, monitor_port=monitor_port))

    def run(program: str, *arguments: str) -> None:
        command = [programs.path(program), "--conf", str(settings), *arguments]
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=STEP_SECONDS
        )
        if done.returncode:
            pytest.fail(f"{program} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')[-2000:]}")

    def started(program: str, port: int | None, *arguments: str) -> Any:
        return running(
            [programs.path(program), "--conf", str(settings), "-f", *arguments],
            environment=environment,
            log=folder / f"{program}.log",
            ready=lambda: port is None or answers(port),
        )

    try:
        address = f"[v2:127.0.0.1:{monitor_port}]"
        run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", address, str(folder / "monmap"))
        # With the object store in the first map nothing has to be told to the monitor, and so no `ceph` command.
        run("osdmaptool", "--createsimple", "1", str(folder / "osdmap"))
        maps = ["--monmap", str(folder / "monmap"), "--osdmap", str(folder / "osdmap")]
        run("ceph-mon", "--mkfs", "-i", "a", *maps)
        run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", str(uuid.uuid4()), "--no-mon-config")
        frontend = f"beast endpoint=127.0.0.1:{gateway_port}"
        with (
            started("ceph-mon", monitor_port, "-i", "a"),
            started("ceph-osd", None, "-i", "0"),
        ):
            _make_user(run, server.administrator, "--caps", "users=*;buckets=*;metadata=*;usage=*")
            _make_user(run, server.owner)
            with started("radosgw", gateway_port, "-n", "client.gateway", "--rgw_frontends", frontend):
                yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_user(run: Any, key: CephKey, *further: str) -> None:
    names = ["--uid", key.user, "--display-name", key.user]
    pair = ["--access-key", key.access_key_id, "--secret-key", key.secret_access_key]
    run("radosgw-admin", "user", "create", *names, *pair, *further)
