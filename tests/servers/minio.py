"""MinIO on loopback: an object store with users, policies and access keys of its own, over TLS where asked for.

It is built from the last commit of its community edition, and calls itself DEVELOPMENT.GOGET: no release is cut there.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servers.binaries import binary, free_port, running
from servers.certificates import signed


@dataclass(frozen=True)
class MinioServer:
    """A running MinIO and its root user, who may do everything. `ca_bundle` is what signed its certificate."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_bundle: Path | None = None

    def client(self, *, key: tuple[str, str] | None = None) -> Any:
        """A boto3 S3 client, with another key pair where one is given."""
        import boto3
        from botocore.config import Config

        access_key_id, secret_access_key = key or (self.access_key_id, self.secret_access_key)
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            verify=str(self.ca_bundle) if self.ca_bundle else None,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )

    def admin(self, *, key: tuple[str, str] | None = None) -> Any:
        """The SDK's own client of the administration API."""
        import urllib3
        from minio import MinioAdmin
        from minio.credentials import StaticProvider

        host = self.endpoint.partition("://")[2]
        trust = {"ca_certs": str(self.ca_bundle)} if self.ca_bundle else {}
        return MinioAdmin(
            endpoint=host,
            credentials=StaticProvider(*(key or (self.access_key_id, self.secret_access_key))),
            secure=self.endpoint.startswith("https"),
            http_client=urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=30), retries=False, **trust),
        )

    def users(self) -> set[str]:
        """Names of all users; the root user is not among them."""
        return set(json.loads(self.admin().user_list()))

    def policies(self) -> set[str]:
        """Names of all policies, built-in ones among them."""
        return set(json.loads(self.admin().policy_list()))

    def keys(self, user: str) -> set[str]:
        """Ids of a user's access keys."""
        accounts = json.loads(self.admin().list_service_account(user))["accounts"] or []
        return {account["accessKey"] for account in accounts}


@contextmanager
def minio_server(*, tls: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[MinioServer]:
    """Run MinIO on a free loopback port, data in a folder that goes with it.

    Args:
        tls: whether it is reached by https, with a certificate that a CA made for this run has signed.
        settings: further environment variables of the server.
    """
    program = str(binary("minio"))
    folder = Path(tempfile.mkdtemp(prefix="minio-"))
    port = free_port()
    certificates = folder / "certificates"
    certificates.mkdir()
    server = MinioServer(
        endpoint=f"{'https' if tls else 'http'}://127.0.0.1:{port}",
        access_key_id="root-of-the-tests",
        secret_access_key="root-secret-for-tests",
        ca_bundle=signed(certificates).ca_bundle if tls else None,
    )
    command = [program, "server", "--quiet", "--address", f"127.0.0.1:{port}", "--certs-dir", str(certificates)]
    command.append(str(folder / "data"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MINIO_ROOT_USER": server.access_key_id,
        "MINIO_ROOT_PASSWORD": server.secret_access_key,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "NO_PROXY": "127.0.0.1",
        **(settings or {}),
    }
    try:
        with running(command, environment=environment, log=folder / "log", ready=lambda: _is_ready(server)):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(server: MinioServer) -> bool:
    trust = ssl.create_default_context(cafile=str(server.ca_bundle)) if server.ca_bundle else None
    try:
        with urllib.request.urlopen(f"{server.endpoint}/minio/health/ready", timeout=5, context=trust) as answer:
            return answer.headers.get("X-Minio-Server-Status") != "offline"
    except (OSError, ssl.SSLError):
        return False
