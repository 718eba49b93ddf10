"""A ServiceAccount with an identity in the place of keys, and its service, as a real API server takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cluster.declared import path, service_path
from cluster.driver import INFERENCE_SERVICE, SERVICE_ACCOUNT, Driver
from pulumi_modelstore import (
    AwsIrsa,
    AwsS3,
    AzureBlob,
    AzureFederatedIdentity,
    GcpWorkloadIdentity,
    Gcs,
    GpuInferenceService,
    StorageNamespace,
)
from servers.apiserver import ApiServer
from unit.components.declared import declare

ROLE = "arn:aws:iam::123456789012:role/reader"
ACCOUNT = "reader@acme-models.iam.gserviceaccount.com"
CLIENT = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("backend", "identity", "annotations", "labels"),
    [
        (
            lambda: AwsS3(bucket="team-models", region="eu-west-1"),
            lambda: AwsIrsa(role_arn=ROLE),
            {"eks.amazonaws.com/role-arn": ROLE, "serving.kserve.io/s3-region": "eu-west-1"},
            None,
        ),
        (
            lambda: Gcs(bucket="team-models"),
            lambda: GcpWorkloadIdentity(service_account=ACCOUNT),
            {"iam.gke.io/gcp-service-account": ACCOUNT},
            None,
        ),
        (
            lambda: AzureBlob(account="acmemodels", container="team"),
            lambda: AzureFederatedIdentity(client_id=CLIENT),
            {"azure.workload.identity/client-id": CLIENT},
            {"azure.workload.identity/use": "true"},
        ),
    ],
    ids=["aws", "google", "azure"],
)
def test_account_and_service_of_an_identity(
    apiserver: ApiServer,
    namespace: str,
    driver: Driver,
    backend: Callable[[], Any],
    identity: Callable[[], Any],
    annotations: dict[str, str],
    labels: dict[str, str] | None,
) -> None:
    def program() -> None:
        models = StorageNamespace("models", backend=backend())
        credentials = models.kserve_credentials("reader", identity=identity(), kubernetes_namespace=namespace)
        GpuInferenceService("llm", model=models.uri("models/llm/v1/"), credentials=credentials)

    declared = declare(program, preview=False)
    objects = {SERVICE_ACCOUNT: declared["reader-service-account"], INFERENCE_SERVICE: declared["llm-service"]}
    for token, resource in objects.items():
        driver.up(token, resource.name, resource.inputs)
        assert driver.preview(token, resource.name, resource.inputs).paths == {}, token

    account = apiserver.get(path(namespace, "serviceaccounts/reader"))
    assert account["metadata"]["annotations"] == annotations
    assert "secrets" not in account
    assert account["automountServiceAccountToken"] is False
    predictor = apiserver.get(service_path(namespace))["spec"]["predictor"]
    assert predictor["serviceAccountName"] == "reader"
    assert predictor.get("labels") == labels
    assert predictor["annotations"].keys() == {"pulumi-modelstore/credentials-checksum"}
