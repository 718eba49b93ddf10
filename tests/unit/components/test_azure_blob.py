"""The Azure backend: what it declares, and what it refuses before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessLog,
    AzureBlob,
    InvalidArguments,
    StorageNamespace,
    backend_from_config,
)
from pulumi_modelstore_provider.keys.issuers import issuer_settings
from unit.components.declared import SECRET, Declared, declare
from unit.components.issuing import KEY, declared_pair

GROUP = "/subscriptions/0000/resourceGroups/models/providers/Microsoft.Storage/storageAccounts"
LOGS = f"{GROUP}/acmelogs"
WORKSPACE = "/subscriptions/0000/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/acme"
SETTINGS: Mapping[str, Any] = {"account": "acmemodels", "container": "llms", "credentials": "env:AZURE_STORE"}


def namespace(*, audit: AccessLog | None = None, adopt: bool = False, **settings: Any) -> Declared:
    def program() -> None:
        models = StorageNamespace("models", backend=AzureBlob(**(SETTINGS | settings)), audit=audit, adopt=adopt)
        pulumi.export("uri", models.uri("models/llama/v1/"))

    return declare(program, preview=False)


def pair(*, pair_arguments: Mapping[str, Any] | None = None, **settings: Any) -> Declared:
    return declared_pair(AzureBlob, SETTINGS | settings, **(pair_arguments or {}))


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(InvalidArguments) as refusal:
        call(**arguments)
    return str(refusal.value)


def test_container_is_made_by_azure_native_where_the_group_is_known() -> None:
    declared = namespace(resource_group="models")
    container = declared["models-bucket"]
    assert container.type == "azure-native:storage:BlobContainer"
    assert container.inputs == {
        "accountName": "acmemodels",
        "containerName": "llms",
        "publicAccess": "None",
        "resourceGroupName": "models",
    }
    assert container.request.retainOnDelete


@pytest.mark.parametrize(("settings", "adopt"), [({}, False), ({}, True), ({"resource_group": "models"}, True)])
def test_container_is_made_or_adopted_by_the_account_s_own_interface(settings: dict[str, Any], adopt: bool) -> None:
    bucket = namespace(adopt=adopt, **settings)["models-bucket"]
    assert bucket.type == "pulumi-python:dynamic/modelstore:Bucket"
    assert bucket.inputs["connection"] == {
        "kind": "azure-blob",
        "account": "acmemodels",
        "verifyTls": True,
        "credentials": "env:AZURE_STORE",
    }
    assert (bucket.inputs["bucket"], bucket.inputs["adopt"]) == ("llms", adopt)
    assert bucket.request.retainOnDelete


def test_namespace_says_where_it_is() -> None:
    declared = namespace(location="westeurope")
    assert {name: declared["models"].outputs[name] for name in ("backend", "bucket", "endpoint", "region")} == {
        "backend": "azure-blob",
        "bucket": "llms",
        "endpoint": "https://acmemodels.blob.core.windows.net",
        "region": "westeurope",
    }


@pytest.mark.parametrize(
    ("endpoint", "base"),
    [
        (None, "https://acmemodels.blob.core.windows.net"),
        ("http://127.0.0.1:10000/acmemodels", "https://acmemodels.blob.core.windows.net"),
        ("https://acmemodels.z12.blob.storage.azure.net", "https://acmemodels.z12.blob.storage.azure.net"),
    ],
)
def test_uri_is_one_that_kserve_takes_for_azure(endpoint: str | None, base: str) -> None:
    assert namespace(endpoint=endpoint).exports["uri"] == f"{base}/llms/models/llama/v1/"


@pytest.mark.parametrize(("place", "argument"), [(LOGS, "storageAccountId"), (WORKSPACE, "workspaceId")])
def test_access_log_is_a_diagnostic_setting_of_the_blob_service(place: str, argument: str) -> None:
    declared = namespace(resource_group="models", audit=AccessLog(bucket=place))
    setting = declared["models-access-log"]
    assert setting.type == "azure-native:monitor:DiagnosticSetting"
    assert setting.inputs[argument] == place
    assert set(setting.inputs) & {"storageAccountId", "workspaceId"} == {argument}
    categories = [log["category"] for log in setting.inputs["logs"] if log["enabled"]]
    assert categories == ["StorageRead", "StorageWrite", "StorageDelete"]
    assert setting.input_dependencies["resourceUri"] == ["models-bucket"]
    assert setting.request.retainOnDelete


def test_access_log_that_cannot_be_had_says_why() -> None:
    log = AccessLog(bucket="logs", prefix="models/")
    message = refused(namespace, audit=log)
    assert "audit: is a diagnostic setting of a storage account whose group is not known" in message
    assert 'audit.bucket: "logs" is no resource id that takes logs on Azure' in message
    assert 'audit.prefix: "models/" cannot be had' in message
    own = refused(namespace, audit=AccessLog(bucket=f"{GROUP}/acmemodels"), resource_group="models")
    assert '"acmemodels" is the account whose log it is' in own


def test_pair_is_a_principal_and_a_policy_a_key() -> None:
    declared = pair(pair_arguments={"rotation": 1}, key_days=90)
    issuer = declared["readers-principal"].inputs["issuer"]
    assert issuer["container"] == "llms"
    assert issuer["connection"]["credentials"] == "env:AZURE_STORE"
    assert issuer_settings(issuer).address == "https://acmemodels.blob.core.windows.net/llms"
    for slot, generation in (("even", 0), ("odd", 1)):
        key = declared[f"readers-{slot}"]
        assert (key.type, key.inputs["generation"], key.inputs["readOnly"]) == (KEY, generation, True)
        assert key.inputs["issuer"]["keyDays"] == 90
    assert declared.exports["secret"] == f"{SECRET}readers-odd-secret"


def test_secret_holds_the_token_under_the_one_name_that_kserve_passes_on() -> None:
    declared = pair()
    manifest = declared["readers-secret"].inputs
    assert list(manifest["data"].get("[secret]", manifest["data"])) == ["AZURE_STORAGE_ACCESS_KEY"]
    assert "annotations" not in manifest["metadata"]


def test_keys_that_would_open_more_than_they_should_are_refused() -> None:
    assert 'has the prefix "team-a", but a SAS token that can be revoked opens a whole container' in refused(
        pair, prefix="team-a"
    )
    narrowed = refused(pair, pair_arguments={"prefix": "models/llama"})
    assert 'AccessKeyPair "readers"' in narrowed
    assert 'prefix: "models/llama" cannot be had' in narrowed


def test_keys_without_the_account_s_key_are_refused() -> None:
    assert "only the account's key signs what can be revoked" in refused(pair, credentials="default")


def test_everything_wrong_is_said_at_once() -> None:
    message = refused(
        namespace,
        account="Acme-Models",
        container="a.b",
        endpoint="ftp://somewhere",
        credentials="profile:acme",
        verify_tls=False,
        ca_bundle="/ca.pem",
        key_days=0,
        prefix="a//b",
    )
    for argument in ("account", "container", "endpoint", "credentials", "verify_tls", "key_days", "prefix"):
        assert f"backend.{argument}: " in message
    assert "which Azure does not have" in message


def test_name_that_only_s3_takes_is_refused() -> None:
    for name in ("with.dots", "two--hyphens"):
        assert f'backend.container: "{name}" is no name of a container' in refused(namespace, container=name)


def test_settings_load_from_configuration() -> None:
    given = {
        "kind": "azure-blob",
        "account": "acmemodels",
        "container": "llms",
        "resourceGroup": "models",
        "keyDays": 30,
    }
    assert backend_from_config(given) == AzureBlob(
        account="acmemodels", container="llms", resource_group="models", key_days=30
    )
