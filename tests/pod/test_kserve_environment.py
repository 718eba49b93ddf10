"""The translation gives what KServe v0.20's controller was seen to give."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pod.kserve_environment import initializer_environment, mounted_files

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example-secret"}


def _account(*names: str) -> dict[str, Any]:
    return {"metadata": {"name": "models"}, "secrets": [{"name": name} for name in names]}


def _secret(annotations: dict[str, str], data: dict[str, str] = KEYS) -> dict[str, Any]:
    prefixed = {f"serving.kserve.io/{name}": value for name, value in annotations.items()}
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
    return {"metadata": {"annotations": prefixed}, "data": encoded}


def test_endpoint_without_tls() -> None:
    secrets = {"keys": _secret({"s3-endpoint": "minio.example:9000", "s3-usehttps": "0"})}
    assert initializer_environment(_account("keys"), secrets) == {
        **KEYS,
        "S3_USE_HTTPS": "0",
        "S3_ENDPOINT": "minio.example:9000",
        "AWS_ENDPOINT_URL": "http://minio.example:9000",
    }


@pytest.mark.parametrize(
    ("endpoint", "use_https", "url"),
    [
        ("store.example", "", "https://store.example"),
        ("store.example", "1", "https://store.example"),
        ("http://store.example:80", "1", "http://store.example:80"),
    ],
)
def test_scheme_of_the_endpoint(endpoint: str, use_https: str, url: str) -> None:
    secrets = {"keys": _secret({"s3-endpoint": endpoint, "s3-usehttps": use_https})}
    assert initializer_environment(_account("keys"), secrets)["AWS_ENDPOINT_URL"] == url


def test_secret_that_the_account_does_not_list_is_not_read() -> None:
    assert initializer_environment(_account(), {"keys": _secret({})}) == {}


def test_secret_of_another_kind_sets_no_s3_variable() -> None:
    secrets = {"hub": _secret({"s3-region": "eu-west-1"}, {"HF_TOKEN": "example"})}
    assert initializer_environment(_account("hub"), secrets) == {}


def test_google_s_credentials_are_a_mounted_file() -> None:
    name = "gcloud-application-credentials.json"
    secrets = {"keys": _secret({}, {name: "{}"})}
    assert initializer_environment(_account("keys"), secrets) == {
        "GOOGLE_APPLICATION_CREDENTIALS": f"/var/secrets/{name}"
    }
    assert mounted_files(_account("keys"), secrets) == {f"/var/secrets/{name}": "{}"}


def test_only_the_key_of_an_azure_account_is_set() -> None:
    secrets = {"keys": _secret({}, {"AZURE_STORAGE_ACCESS_KEY": "sv=1", "AZURE_ACCOUNT_NAME": "acme"})}
    assert initializer_environment(_account("keys"), secrets) == {"AZURE_STORAGE_ACCESS_KEY": "sv=1"}
    assert mounted_files(_account("keys"), secrets) == {}


def test_listed_secret_that_does_not_exist_stops_the_pod() -> None:
    with pytest.raises(KeyError, match="keys"):
        initializer_environment(_account("keys"), {})
