"""versitygw: S3 on a folder with a real IAM API beside it, the honest stand-in for AWS S3 and IAM."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servers.binaries import answers, binary, free_port, running


@dataclass(frozen=True)
class VersityGateway:
    """A running gateway and its root key, which may do everything."""

    endpoint: str
    iam_endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = "us-east-1"
    folder: Path = Path()
    """What the gateway keeps: `iam/iam.json` its users, `data` the buckets."""

    def client(self, service: str = "s3", *, key: tuple[str, str] | None = None) -> Any:
        """A boto3 client for `s3` or `iam`, with another key pair where one is given."""
        import boto3
        from botocore.config import Config

        access_key_id, secret_access_key = key or (self.access_key_id, self.secret_access_key)
        return boto3.client(
            service,
            endpoint_url=self.endpoint if service == "s3" else self.iam_endpoint,
            # IAM has one region, whatever that of the buckets.
            region_name=self.region if service == "s3" else "us-east-1",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            config=Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2}),
        )

    def environment(self) -> dict[str, str]:
        """What points the AWS SDKs and the sandbox at this gateway, as its administrator."""
        return {
            "MODELSTORE_SANDBOX_AWS_ENDPOINT": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ENDPOINT_URL_IAM": self.iam_endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": self.region,
        }


def _metadata_options(folder: Path, data: Path) -> list[str]:
    """Object metadata goes into extended attributes, or beside the data where the file system has none."""
    try:
        os.setxattr(data, "user.modelstore", b"1")
    except OSError:
        sidecar = folder / "metadata"
        sidecar.mkdir()
        return ["--sidecar", str(sidecar)]
    return []


@contextmanager
def versity_gateway(*, region: str = "us-east-1", disk: str = "") -> Iterator[VersityGateway]:
    """Run the IAM service and the gateway on free loopback ports, data in a folder that goes with them.

    `disk` is the size of a disk of its own for the data, such as `2m`.
    """
    server = str(binary("versitygw"))
    # A socket's path may have about 100 characters: pytest's own folders are longer.
    folder = Path(tempfile.mkdtemp(prefix="vgw-"))
    (folder / "iam").mkdir()
    data = folder / "data"
    data.mkdir()
    if disk:
        _mount(data, disk)
    socket_path = folder / "iam.sock"
    iam_port, s3_port = free_port(), free_port()
    gateway = VersityGateway(
        endpoint=f"http://127.0.0.1:{s3_port}",
        iam_endpoint=f"http://127.0.0.1:{iam_port}",
        access_key_id="ROOTKEYFORTESTS",
        secret_access_key="root-secret-for-tests",
        region=region,
        folder=folder,
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ROOT_ACCESS_KEY_ID": gateway.access_key_id,
        "ROOT_SECRET_ACCESS_KEY": gateway.secret_access_key,
    }
    iam = [server, "--port", f"127.0.0.1:{iam_port}", "iam", "--dir", str(folder / "iam")]
    iam += ["--private-ports", str(socket_path)]
    s3 = [
        server,
        "--region",
        region,
        "--port",
        f"127.0.0.1:{s3_port}",
        "--iam-cache-disable",
        "--iam-standalone-endpoint",
        str(socket_path),
    ]
    s3 += ["posix", *_metadata_options(folder, data), str(data)]

    def iam_ready() -> bool:
        return socket_path.exists() and answers(iam_port)

    try:
        with (
            running(iam, environment=environment, log=folder / "iam.log", ready=iam_ready),
            running(s3, environment=environment, log=folder / "s3.log", ready=lambda: answers(s3_port)),
        ):
            yield gateway
    finally:
        if disk:
            subprocess.run(["umount", data], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def _mount(data: Path, size: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(data)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        shutil.rmtree(data.parent)
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
