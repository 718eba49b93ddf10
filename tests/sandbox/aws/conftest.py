"""One real stand-in for AWS for the tests of this folder, and clients to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_sandbox.aws import server
from pulumi_modelstore_sandbox.aws.endpoint import AwsEndpoint, environment


def client(
    service: str,
    endpoint: AwsEndpoint,
    access_key_id: str = "",
    secret_access_key: str = "",
    *,
    signature_version: str | None = None,
) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=endpoint.url,
        aws_access_key_id=access_key_id or endpoint.access_key_id,
        aws_secret_access_key=secret_access_key or endpoint.secret_access_key,
        region_name=endpoint.region,
        config=Config(
            retries={"max_attempts": 1}, connect_timeout=5, read_timeout=30, signature_version=signature_version
        ),
    )


@pytest.fixture(scope="package")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEndpoint]:
    home = tmp_path_factory.mktemp("aws-home")
    yield server.ensure_running(home)
    server.stop(home)


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    """A home whose stand-in the test may kill and restart."""
    yield tmp_path
    server.stop(tmp_path)


@pytest.fixture
def s3(aws: AwsEndpoint) -> Any:
    return client("s3", aws)


@pytest.fixture
def iam(aws: AwsEndpoint) -> Any:
    return client("iam", aws)


@pytest.fixture
def driver(aws: AwsEndpoint, monkeypatch: pytest.MonkeyPatch) -> Any:
    from sandbox.aws.driver import Driver

    for name, value in environment(aws).items():
        monkeypatch.setenv(name, value)
    return Driver()


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A provider whose AWS refuses connections: what needs none must work all the same."""
    from sandbox.aws.driver import Driver

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return Driver()
