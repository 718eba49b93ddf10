"""What a pod gets by its ServiceAccount's annotations alone: from KServe, and from the clouds' webhooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pod.cloud_webhooks import AWS_MOUNT, AZURE_MOUNT, injected
from pod.kserve_environment import initializer_environment

ROLE = "arn:aws:iam::123456789012:role/reader"
CLIENT = "01234567-89ab-cdef-0123-456789abcdef"
TENANT = "76543210-89ab-cdef-0123-456789abcdef"
LABEL = {"azure.workload.identity/use": "true"}


def _account(**annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "reader", "namespace": "serving", "annotations": annotations}}


def test_kserve_reads_settings_of_s3_beside_a_role() -> None:
    settings = {
        "serving.kserve.io/s3-region": "eu-west-1",
        "serving.kserve.io/s3-endpoint": "s3.lab:9000",
        "serving.kserve.io/s3-usehttps": "0",
        "serving.kserve.io/s3-cabundle-configmap": "lab-ca",
    }
    assert initializer_environment(_account(**settings), {}) == {}, "without a role nothing is read"
    assert initializer_environment(_account(**settings, **{"eks.amazonaws.com/role-arn": ROLE}), {}) == {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "S3_ENDPOINT": "s3.lab:9000",
        "S3_USE_HTTPS": "0",
        "AWS_ENDPOINT_URL": "http://s3.lab:9000",
        "AWS_CA_BUNDLE_CONFIGMAP": "lab-ca",
    }


def test_a_role_comes_with_a_token() -> None:
    added = injected(_account(**{"eks.amazonaws.com/role-arn": ROLE}), {})
    assert added.environment == {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": AWS_MOUNT}
    assert list(added.files) == [AWS_MOUNT]


def test_azure_s_webhook_sees_labelled_pods_only() -> None:
    account = _account(**{"azure.workload.identity/client-id": CLIENT, "azure.workload.identity/tenant-id": TENANT})
    assert injected(account, {}).environment == {}
    assert injected(account, LABEL).environment["AZURE_CLIENT_ID"] == CLIENT
    assert list(injected(account, LABEL).files) == [AZURE_MOUNT]


def test_kserve_reads_azure_with_the_pod_s_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    storage = pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`").Storage
    pytest.importorskip("azure.identity", reason="azure-identity is in the extra `azure`")
    monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
    assert storage._get_azure_storage_token() is None, "without the webhook it reads anonymously"

    account = _account(**{"azure.workload.identity/client-id": CLIENT, "azure.workload.identity/tenant-id": TENANT})
    for name, value in injected(account, LABEL).environment.items():
        monkeypatch.setenv(name, value)
    chain = [type(credential).__name__ for credential in storage._get_azure_storage_token().credentials]
    assert "WorkloadIdentityCredential" in chain
    # Those before it need what a pod has none of: a client's secret, or certificate.
    assert set(chain[: chain.index("WorkloadIdentityCredential")]) <= {"EnvironmentCredential"}
