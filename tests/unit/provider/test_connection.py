"""Connection settings, and the client that comes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError
from pulumi_modelstore_provider.s3.client import client
from pulumi_modelstore_provider.s3.connection import S3Connection

KEY = Credentials("id", "secret-of-a-connection")


def test_defaults_for_aws_and_elsewhere() -> None:
    aws, other = S3Connection(), S3Connection(endpoint="http://localhost:9000/")
    assert (aws.addressing_style, aws.checksum_policy, aws.address) == ("virtual", "when_supported", "aws")
    assert (other.addressing_style, other.checksum_policy) == ("path", "when_required")
    assert other.address == "http://localhost:9000"


def test_the_spelling_of_an_endpoint_makes_no_other_store() -> None:
    spelled = S3Connection(endpoint="HTTPS://S3.Example.org:9000/")
    assert spelled.endpoint == "https://s3.example.org:9000"


def test_regional_endpoints_of_aws_are_aws() -> None:
    assert S3Connection(endpoint="https://s3.eu-west-1.amazonaws.com").address == "aws"
    assert S3Connection(endpoint="https://amazonaws.com.example.org").address != "aws"


def test_inputs_read_back() -> None:
    connection = S3Connection(endpoint="https://s3.example.org", ca_bundle="/ca.pem", credentials="env:X", region="eu")
    assert connection.to_inputs() == {
        "endpoint": "https://s3.example.org",
        "region": "eu",
        "verifyTls": True,
        "caBundle": "/ca.pem",
        "credentials": "env:X",
    }
    assert S3Connection.model_validate(connection.to_inputs()) == connection


@pytest.mark.parametrize(
    "endpoint",
    ["s3.example.org", "ftp://x", "https://", "https://u:p@x", "https://x/bucket", "https://x?y", "https://x:99999"],
)
def test_bad_endpoints(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="endpoint"):
        S3Connection(endpoint=endpoint)


def test_keys_are_no_reference() -> None:
    with pytest.raises(ValidationError, match="by reference"):
        S3Connection(credentials="AKIAEXAMPLE")


def test_client_settings() -> None:
    config = client(S3Connection(endpoint="http://localhost:9"), credentials=KEY, connections=7).meta.config
    assert (config.connect_timeout, config.read_timeout) == (10, 60)
    assert config.retries == {"mode": "standard", "total_max_attempts": 4}
    assert config.request_checksum_calculation == "when_required"
    assert config.s3["addressing_style"] == "path"
    assert config.max_pool_connections == 7


def test_client_for_aws_addresses_buckets_by_host() -> None:
    opened = client(S3Connection(region="eu-west-1"), credentials=KEY)
    url = opened.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    assert url.startswith("https://bucket.s3.")


def test_redirected_aws_addresses_buckets_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:5000")
    url = client(S3Connection(), credentials=KEY).generate_presigned_url(
        "get_object", Params={"Bucket": "b", "Key": "k"}
    )
    assert url.startswith("http://localhost:5000/b/k")


def test_missing_ca_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelstoreError, match="no-such"):
        client(S3Connection(endpoint="https://x", ca_bundle=str(tmp_path / "no-such.pem")), credentials=KEY)


def test_unknown_profile_and_empty_chain() -> None:
    with pytest.raises(CredentialsUnavailable, match=r"profile:nobody.*~/.aws/config"):
        client(S3Connection(credentials="profile:nobody"))
    with pytest.raises(CredentialsUnavailable, match="AWS_ACCESS_KEY_ID"):
        client(S3Connection())
