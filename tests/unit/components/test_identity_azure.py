"""`AzureFederatedIdentity` in the place of keys: what is declared, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modelstore import (
    AzureBlob,
    AzureFederatedIdentity,
    GpuInferenceService,
    InvalidArguments,
    ModelArtifact,
    StorageNamespace,
)
from unit.components import declared as mocked
from unit.components.declared import Declared, declare

SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
ACCOUNT = f"{SUBSCRIPTION}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmemodels"
ISSUER = "https://westeurope.oic.prod-aks.azure.com/aaaaaaaa/bbbbbbbb/"
CLIENT = "01234567-89ab-cdef-0123-456789abcdef"
TENANT = "76543210-89ab-cdef-0123-456789abcdef"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def _outputs(args: Any) -> dict[str, Any]:
    if args.typ == "azure-native:managedidentity:UserAssignedIdentity":
        return {"name": args.inputs["resourceName"], "clientId": CLIENT, "tenantId": TENANT, "principalId": "principal"}
    return {}


def _declared(settings: dict[str, Any], **backend: Any) -> Declared:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AzureBlob(account="acmemodels", container="team", **backend))
        identity = AzureFederatedIdentity(**settings)
        namespace.kserve_credentials(
            "reader", identity=identity, kubernetes_namespace="serving", service_account_name="pods"
        )

    return declare(program, outputs=_outputs)


def test_an_identity_for_one_service_account() -> None:
    declared = _declared({"issuer_url": ISSUER, "storage_account_id": ACCOUNT, "location": "westeurope"})
    parts = {"identity", "federation", "access", "service-account"}
    assert set(declared.children("reader")) == {f"reader-{part}" for part in parts}
    identity = declared["reader-identity"]
    assert identity.type == "azure-native:managedidentity:UserAssignedIdentity"
    name = identity.inputs["resourceName"]
    assert name.startswith("reader-")
    assert identity.inputs == {"resourceName": name, "resourceGroupName": "data", "location": "westeurope"}
    federation = declared["reader-federation"]
    assert federation.type == "azure-native:managedidentity:FederatedIdentityCredential"
    assert federation.inputs == {
        "federatedIdentityCredentialResourceName": name,
        "resourceName": name,
        "resourceGroupName": "data",
        "issuer": ISSUER,
        "subject": "system:serviceaccount:serving:pods",
        "audiences": ["api://AzureADTokenExchange"],
    }
    access = declared["reader-access"]
    assert access.type == "azure-native:authorization:RoleAssignment"
    assert access.inputs == {
        "principalId": "principal",
        "principalType": "ServicePrincipal",
        "roleDefinitionId": (
            f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
        ),
        "scope": f"{ACCOUNT}/blobServices/default/containers/team",
    }
    assert "models-bucket" in access.dependencies
    service_account = declared["reader-service-account"]
    assert service_account.inputs["metadata"]["annotations"] == {
        "azure.workload.identity/client-id": CLIENT,
        "azure.workload.identity/tenant-id": TENANT,
    }
    assert "secrets" not in service_account.inputs
    assert {"reader-federation", "reader-access"} <= set(service_account.dependencies)


def test_a_writer_in_a_part_of_the_container() -> None:
    settings = {"issuer_url": ISSUER, "storage_account_id": ACCOUNT, "resource_group": "apps", "read_only": False}
    declared = _declared(settings, prefix="team-a")
    access = declared["reader-access"].inputs
    assert access["roleDefinitionId"].endswith("/ba92f5b4-2d11-453d-a403-e96b0029c9fe")
    assert access["conditionVersion"] == "2.0"
    assert access["condition"] == (
        f"((!(ActionMatches{{'{BLOBS}/read'}} AND NOT SubOperationMatches{{'Blob.List'}})"
        f" AND !(ActionMatches{{'{BLOBS}/write'}})"
        f" AND !(ActionMatches{{'{BLOBS}/add/action'}})"
        f" AND !(ActionMatches{{'{BLOBS}/delete'}})"
        f" AND !(ActionMatches{{'{BLOBS}/move/action'}}))"
        f" OR (@Resource[{BLOBS}:path] StringStartsWith 'team-a/'))"
    )
    assert declared["reader-identity"].inputs["resourceGroupName"] == "apps"
    assert declared["reader-federation"].inputs["resourceGroupName"] == "apps"


def test_the_account_is_found_by_the_backend_s_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(_: Any, args: Any) -> dict[str, str]:
        assert args.token == "azure-native:authorization:getClientConfig"
        return {"clientId": "c", "objectId": "o", "tenantId": "t", "subscriptionId": SUBSCRIPTION.split("/")[2]}

    monkeypatch.setattr(mocked._Answers, "call", call)
    declared = _declared({"issuer_url": ISSUER}, resource_group="data")
    assert declared["reader-access"].inputs["scope"] == f"{ACCOUNT}/blobServices/default/containers/team"
    assert declared["reader-identity"].inputs["resourceGroupName"] == "data"


def test_an_existing_identity_is_used_as_it_is() -> None:
    declared = _declared({"client_id": CLIENT})
    assert declared.children("reader") == ["reader-service-account"]
    annotations = declared["reader-service-account"].inputs["metadata"]["annotations"]
    assert annotations == {"azure.workload.identity/client-id": CLIENT}


def test_a_service_s_pods_carry_the_webhook_s_label(model_folder: Any) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AzureBlob(account="acmemodels", container="team"))
        credentials = namespace.kserve_credentials("reader", identity=AzureFederatedIdentity(client_id=CLIENT))
        model = ModelArtifact("llm", namespace=namespace, source=str(model_folder), version="v1")
        GpuInferenceService("llm", model=model, credentials=credentials, labels={"team": "a"})

    service = declare(program, preview=False, outputs=_outputs)["llm-service"].inputs
    predictor = service["spec"]["predictor"]
    assert predictor["labels"] == {"azure.workload.identity/use": "true"}
    assert service["metadata"]["labels"] == {"team": "a"}
    assert predictor["model"]["storageUri"] == "https://acmemodels.blob.core.windows.net/team/models/llm/v1/"
    assert predictor["serviceAccountName"] == "reader"


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({}, ["identity.issuer_url: is missing.", "identity.storage_account_id: is missing."]),
        (
            {"issuer_url": "http://issuer", "storage_account_id": ACCOUNT},
            ['identity.issuer_url: "http://issuer" is no https URL.'],
        ),
        (
            {"issuer_url": ISSUER, "storage_account_id": "acmemodels"},
            ['identity.storage_account_id: "acmemodels" is no id of a storage account.'],
        ),
        (
            {"issuer_url": ISSUER, "storage_account_id": ACCOUNT.replace("acmemodels", "others")},
            ['identity.storage_account_id: is of account "others", and the namespace is on "acmemodels".'],
        ),
        (
            {"issuer_url": ISSUER, "storage_account_id": ACCOUNT, "tenant_id": TENANT},
            ["identity.tenant_id: is given without client_id."],
        ),
        (
            {"client_id": CLIENT, "issuer_url": ISSUER, "location": "westeurope", "read_only": False},
            [
                "identity.issuer_url: is given beside client_id.",
                "identity.location: is given beside client_id.",
                "identity.read_only: is false for an identity that the stack does not make.",
            ],
        ),
        ({"client_id": "reader"}, ['identity.client_id: "reader" is no id.']),
    ],
)
def test_bad_settings(settings: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(InvalidArguments) as refused:
        _declared(settings)
    found = [str(problem) for problem in refused.value.problems]
    assert len(found) == len(problems)
    for text, start in zip(found, problems, strict=True):
        assert text.startswith(start)
