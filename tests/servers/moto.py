"""moto's server in this process: AWS for tests that need only Python packages."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class MotoAws:
    """A running moto server; any key pair is accepted until it is told to enforce policies."""

    endpoint: str
    access_key_id: str = "AKIATESTSTESTSTESTS0"
    secret_access_key: str = field(default="moto-secret-for-tests", repr=False)
    region: str = "us-east-1"

    def client(self, service: str = "s3") -> Any:
        """A boto3 client of any service."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
        )

    def environment(self) -> dict[str, str]:
        """What points an AWS SDK at this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": self.region,
        }

    def reset(self) -> None:
        """Forget every bucket, user and key."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer) == {"status": "ok"}


@contextmanager
def moto_server() -> Iterator[MotoAws]:
    """Run moto on a free loopback port."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield MotoAws(endpoint=f"http://{host}:{port}")
    finally:
        server.stop()
