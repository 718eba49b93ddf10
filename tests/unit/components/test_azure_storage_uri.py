"""Azure's storage URIs: KServe tells them from other https URIs by the host, and drops the slash at the end."""

from __future__ import annotations

import pytest

from pulumi_modelstore.kserve.storage_uri import needs_keys, uri_problems, uri_warnings

AZURE = "https://acmemodels.blob.core.windows.net/llms/models/llama"


@pytest.mark.parametrize(
    "uri", [f"{AZURE}/v1/", "https://acmemodels.z1.blob.storage.azure.net/llms/models/", f"{AZURE}/model.onnx"]
)
def test_container_on_azure_is_read_with_keys(uri: str) -> None:
    assert needs_keys(uri)
    assert uri_problems(uri) == []


@pytest.mark.parametrize("uri", ["https://acme.example/blob.core.windows.net/models", "http://acme.example/a.onnx"])
def test_other_web_server_is_read_without(uri: str) -> None:
    assert not needs_keys(uri)


@pytest.mark.parametrize("host", ["blob.core.usgovcloudapi.net", "blob.core.chinacloudapi.cn"])
def test_national_cloud_is_none_that_kserve_reads(host: str) -> None:
    (problem,) = uri_problems(f"https://acmemodels.{host}/llms/models/llama/v1/")
    assert "is in a national cloud, which KServe does not take for Azure" in problem.found


@pytest.mark.parametrize("slash", ["", "/"])
def test_version_whose_name_another_may_begin_with_is_warned_of(slash: str) -> None:
    (warning,) = uri_warnings(f"{AZURE}/v1{slash}")
    assert "also downloads whatever else begins with 'v1', such as v10" in warning


@pytest.mark.parametrize("name", ["26808bcc88e3/", "26808bcc88e3", "model.onnx"])
def test_version_that_follows_the_content_is_not(name: str) -> None:
    assert uri_warnings(f"{AZURE}/{name}") == []
