"""The server itself: not there, without a namespace or a kind, and what it makes of the folder's manifests."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.declared import ACCOUNT, CREDENTIALS, claim, service
from cluster.driver import CLAIM, CONFIG_MAP, INFERENCE_SERVICE, SECRET, SERVICE_ACCOUNT, Driver
from servers.apiserver import ApiServer
from servers.binaries import free_port

DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
NAMESPACE = "kubernetes:core/v1:Namespace"


def definition(group: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    return {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def test_a_definition_and_its_kind_in_one_stack(namespace: str, driver: Driver) -> None:
    group = f"g{uuid.uuid4().hex[:8]}.example.org"
    token = f"kubernetes:{group}/v1:Widget"
    widget = {"metadata": {"name": "w", "namespace": namespace}, "spec": {"size": 1}}

    driver.preview(DEFINITION, "widgets", definition(group))
    driver.preview(token, "widget", widget)
    driver.up(DEFINITION, "widgets", definition(group))
    driver.up(token, "widget", widget)

    assert not driver.preview(token, "widget", widget).changes
    with pytest.raises(Exception, match=r'unknown field "spec\.sise"'):
        driver.preview(token, "widget", widget | {"spec": {"sise": 1}})
    driver.delete(token, "widget")
    driver.delete(DEFINITION, "widgets")


def test_a_kind_that_the_server_lacks(driver: Driver) -> None:
    with pytest.raises(Exception, match=r"has no kind Widget in example\.org/v1\. Install its definition first"):
        driver.preview("kubernetes:example.org/v1:Widget", "w", {"metadata": {"name": "w", "namespace": "default"}})


def test_a_namespace_that_is_still_to_come_does_not_spoil_a_preview(apiserver: ApiServer, driver: Driver) -> None:
    name = f"later-{uuid.uuid4().hex[:8]}"
    inside = {"metadata": {"name": "models", "namespace": name}}
    driver.preview(SERVICE_ACCOUNT, "account", inside)
    with pytest.raises(Exception, match=f'namespaces "{name}" not found. Create the namespace {name} first'):
        driver.up(SERVICE_ACCOUNT, "account", inside)

    driver.up(NAMESPACE, "room", {"metadata": {"name": name}})
    driver.up(SERVICE_ACCOUNT, "account", inside)
    assert driver.wire(SERVICE_ACCOUNT, "account").id == f"{name}/models"
    assert driver.wire(NAMESPACE, "room").id == name


def test_a_server_that_is_not_there(apiserver: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(apiserver.kubeconfig.read_text().replace(apiserver.url, url))
    monkeypatch.setenv("MODELSTORE_SANDBOX_KUBECONFIG", str(kubeconfig))

    with pytest.raises(Exception, match="The API server does not answer") as refused:
        Driver().preview(CONFIG_MAP, "map", {"metadata": {"name": "map"}})
    assert url in str(refused.value)
    assert str(kubeconfig) in str(refused.value)
    assert apiserver.token not in str(refused.value)


def test_a_kubeconfig_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSTORE_SANDBOX_KUBECONFIG", str(tmp_path / "nowhere"))
    with pytest.raises(Exception, match="The kubeconfig cannot be used") as refused:
        Driver().preview(CONFIG_MAP, "map", {"metadata": {"name": "map"}})
    assert str(tmp_path / "nowhere") in str(refused.value)


def test_credentials_that_the_server_refuses(
    apiserver: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(apiserver.kubeconfig.read_text().replace(apiserver.token, "another-token"))
    monkeypatch.setenv("MODELSTORE_SANDBOX_KUBECONFIG", str(kubeconfig))

    with pytest.raises(Exception, match="Renew the credentials in the kubeconfig"):
        Driver().preview(CONFIG_MAP, "map", {"metadata": {"name": "map"}})


def test_the_folders_manifests_are_what_the_server_takes(
    apiserver: ApiServer, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSTORE_SANDBOX_HOME", str(tmp_path))
    folder = Driver(namespace=namespace)
    for token, inputs in {
        SECRET: CREDENTIALS,
        SERVICE_ACCOUNT: ACCOUNT,
        INFERENCE_SERVICE: service(),
        CLAIM: claim("1Gi"),
        CONFIG_MAP: {"metadata": {"name": "map"}, "data": {"version": "12e4567", "text": "one\ntwo\n"}},
    }.items():
        folder.up(token, "it", inputs)
    files = sorted(tmp_path.rglob("*.yaml"))
    assert len(files) == 5

    client = apiserver.client
    for file in files:
        item = yaml.safe_load(file.read_text())
        api = client.resources.get(api_version=item["apiVersion"], kind=item["kind"])
        arguments = {"field_manager": "kubectl", "query_params": [("fieldValidation", "Strict")]}
        live = client.server_side_apply(api, item, namespace=namespace, **arguments).to_dict()
        assert live["metadata"]["name"] == item["metadata"]["name"]
        assert {key: live[key] for key in item if key not in {"metadata", "spec"}} == {
            key: item[key] for key in item if key not in {"metadata", "spec"}
        }
