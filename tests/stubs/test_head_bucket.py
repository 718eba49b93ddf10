"""What KServe's storage initializer does where Cloudflare R2 refuses HeadBucket to a bucket's token."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pod.pod_start import Pod, tree
from provider.recording_proxy import Answer, Exchange, RecordingProxy, recording_proxy
from servers.versitygw import VersityGateway, versity_gateway
from stubs.cloudflare import ACCOUNT, CloudflareStub, cloudflare_stub

pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")

READ_BUCKET = "6a018a9f2fc74eb6b293b0c548f38b39"
READ_ACCOUNT = "b4992e1108244f5d8bfbd5744320c2e1"


@pytest.fixture(scope="module")
def gateway(own_environment: None) -> Iterator[VersityGateway]:
    with versity_gateway(region="auto") as running:
        client = running.client()
        client.create_bucket(Bucket="models")
        client.put_object(Bucket="models", Key="tiny/config.json", Body=b"{}")
        yield running


@pytest.fixture(scope="module")
def stub(gateway: VersityGateway) -> Iterator[CloudflareStub]:
    with cloudflare_stub(gateway) as running:
        yield running


@pytest.fixture
def proxy(gateway: VersityGateway, stub: CloudflareStub) -> Iterator[RecordingProxy]:
    """R2's data, as it is reported to be: HeadBucket is refused to tokens of a bucket."""

    def refuse(exchange: Exchange) -> Answer | None:
        if exchange.method != "HEAD" or exchange.path.rstrip("/") != "/models":
            return None
        token = exchange.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        (policy,) = stub.tokens[token]["policies"]
        return Answer(403, []) if policy["permission_groups"][0]["id"] == READ_BUCKET else None

    with recording_proxy(gateway.endpoint) as running:
        running.before = refuse
        yield running


def _pod(stub: CloudflareStub, proxy: RecordingProxy, group: str, resource: str) -> Pod:
    policies = [{"effect": "allow", "permission_groups": [{"id": group}], "resources": {resource: "*"}}]
    token, value = stub.add_token("reader", policies)
    environment = {
        "AWS_ACCESS_KEY_ID": token,
        "AWS_SECRET_ACCESS_KEY": hashlib.sha256(value.encode()).hexdigest(),
        "AWS_ENDPOINT_URL": proxy.endpoint,
        "AWS_DEFAULT_REGION": "auto",
        "S3_USE_HTTPS": "0",
    }
    return Pod("s3://models/tiny/", environment)


def test_initializer_of_a_bucket_s_token_ends_before_it_lists(
    stub: CloudflareStub, proxy: RecordingProxy, tmp_path: Path
) -> None:
    pod = _pod(stub, proxy, READ_BUCKET, f"com.cloudflare.edge.r2.bucket.{ACCOUNT}_default_models")
    done = pod.download(tmp_path / "models")
    assert done.returncode != 0
    assert "403" in done.stderr
    assert [exchange.method for exchange in proxy.exchanges] == ["HEAD"]
    assert tree(tmp_path / "models") == {}


def test_initializer_of_an_account_s_token_reads(stub: CloudflareStub, proxy: RecordingProxy, tmp_path: Path) -> None:
    done = _pod(stub, proxy, READ_ACCOUNT, f"com.cloudflare.api.account.{ACCOUNT}").download(tmp_path / "models")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == {"config.json": b"{}"}
