"""Pull Secrets and connections: what they hold, who lists them, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AwsIrsa,
    AwsS3,
    AzureBlob,
    ExistingKey,
    GpuInferenceService,
    HubCredentials,
    InvalidArguments,
    Registry,
    RegistryCredentials,
    S3Compatible,
    StorageNamespace,
)
from unit.components.declared import SECRET, declare

HARBOR = Registry(host="harbor.example.org:8443", username="robot$models", password="hush")


def _decoded(text: str) -> str:
    assert text.startswith(SECRET) or not text.startswith("[")
    return base64.b64decode(text.removeprefix(SECRET)).decode()


def _namespace(**credentials: Any) -> Callable[[], None]:
    def program() -> None:
        models = StorageNamespace("models", backend=S3Compatible(endpoint="http://minio:9000", bucket="models"))
        keys = AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIA", "hush")])
        models.kserve_credentials("reader", keys=keys, **credentials)

    return program


def test_a_pull_secret_is_what_a_container_runtime_reads() -> None:
    def program() -> None:
        quay = Registry(host="quay.io/team", username="team+models", password=pulumi.Output.secret("hush too"))
        pulls = RegistryCredentials("pulls", registries=[HARBOR, quay], kubernetes_namespace="serving")
        GpuInferenceService("llama", model="oci://quay.io/team/llama:v1", credentials=pulls)

    declared = declare(program)
    secret = declared["pulls-secret"].inputs
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    configuration = json.loads(_decoded(secret["data"]["[secret]"][".dockerconfigjson"]))
    assert configuration["auths"].keys() == {"harbor.example.org:8443", "quay.io/team"}
    quay = configuration["auths"]["quay.io/team"]
    assert quay == {"username": "team+models", "password": "hush too", "auth": quay["auth"]}
    assert base64.b64decode(quay["auth"]) == b"team+models:hush too"
    assert declared["pulls-service-account"].inputs["imagePullSecrets"] == [{"name": "pulls"}]
    service = declared["llama-service"]
    assert service.inputs["spec"]["predictor"]["serviceAccountName"] == "pulls"
    assert service.inputs["metadata"]["namespace"] == "serving"
    assert {"pulls-secret", "pulls-service-account"} <= set(service.dependencies)


def test_a_namespaces_readers_pull_too() -> None:
    def program() -> None:
        _namespace(pull_secrets=[RegistryCredentials("harbor", registries=[HARBOR]), "quay-pull"])()

    declared = declare(program)
    account = declared["reader-service-account"]
    assert account.inputs["imagePullSecrets"] == [{"name": "harbor"}, {"name": "quay-pull"}]
    assert account.inputs["secrets"] == [{"name": "reader"}]
    assert "harbor-secret" in account.dependencies


def test_the_secret_of_a_namespace_is_a_connection() -> None:
    plain, connection = (declare(_namespace(**given))["reader-secret"].inputs for given in ({}, {"openshift_ai": True}))
    assert connection["metadata"]["labels"] == {
        "opendatahub.io/dashboard": "true",
        "opendatahub.io/managed": "true",
    }
    annotations = connection["metadata"]["annotations"]
    assert annotations["opendatahub.io/connection-type"] == "s3"
    assert plain["metadata"]["annotations"].items() <= annotations.items(), "KServe reads it as before"
    data = {key: _decoded(value) for key, value in connection["data"]["[secret]"].items()}
    assert data == {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "AWS_S3_ENDPOINT": "http://minio:9000",
        "AWS_S3_BUCKET": "models",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.mark.parametrize("token", ["hf_secret", None])
def test_the_hubs_token_is_in_a_secret_that_the_account_lists(token: str | None) -> None:
    def program() -> None:
        hub = HubCredentials("hub", token=token, kubernetes_namespace="serving", labels={"team": "a"})
        GpuInferenceService("llama", model="hf://meta-llama/Llama-3.1-8B", credentials=hub)

    declared = declare(program)
    assert ("hub-secret" in declared.resources) == (token is not None)
    if token:
        secret = declared["hub-secret"].inputs
        assert _decoded(secret["data"]["[secret]"]["HF_TOKEN"]) == token
        assert secret["metadata"] == {"name": "hub", "namespace": "serving", "labels": {"team": "a"}}
    account = declared["hub-service-account"].inputs
    assert (account["secrets"], account["automountServiceAccountToken"]) == ([{"name": "hub"}], False)
    assert declared["llama-service"].inputs["spec"]["predictor"]["serviceAccountName"] == "hub"


def _azure() -> None:
    backend = AzureBlob(account="acmemodels", container="models", credentials="env:AZURE")
    models = StorageNamespace("models", backend=backend)
    models.kserve_credentials("reader", keys=AccessKeyPair("reader", namespace=models), openshift_ai=True)


def _identity() -> None:
    models = StorageNamespace("models", backend=AwsS3(bucket="acme-models"))
    identity = AwsIrsa(oidc_provider_arn="arn:aws:iam::123456789012:oidc-provider/oidc.example.org")
    models.kserve_credentials("reader", identity=identity, openshift_ai=True)


def _pulls(**arguments: Any) -> Callable[[], None]:
    return lambda: RegistryCredentials("pulls", **{"registries": [HARBOR]} | arguments) and None


def _service(model: str) -> Callable[[], None]:
    def program() -> None:
        GpuInferenceService("llama", model=model, credentials=RegistryCredentials("pulls", registries=[HARBOR]))

    return program


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (_pulls(registries=[]), "registries: is no list with a registry"),
        (_pulls(registries=[HARBOR, HARBOR]), 'registries[1].host: "harbor.example.org:8443" has an account already'),
        (_pulls(registries=["quay.io"]), "registries[0]: str is not Registry"),
        (_pulls(registries=[Registry(host="https://quay.io", username="a", password="hush")]), "without https://"),
        (_pulls(registries=[Registry(host="quay.io", username="a", password="")]), "registries[0].password: is empty"),
        (_pulls(registries=[Registry(host="quay.io", username=5, password="hush")]), "username: int is no text"),
        (_pulls(secret_name="No"), 'secret_name: "No" is no name'),
        (_namespace(pull_secrets="quay"), "pull_secrets: str is no list"),
        (_namespace(pull_secrets=["No Name"]), "pull_secrets[0]"),
        (_namespace(openshift_ai="yes"), "openshift_ai: str is no flag"),
        (lambda: HubCredentials("hub", token=" ") and None, "token: is no token"),
        (_azure, "openshift_ai: is set for azure-blob, and its connections are of S3 only"),
        (_identity, "openshift_ai: is set beside identity"),
        (_service("oci://quay.io/llama:v1"), "credentials: open harbor.example.org:8443, and the model is in quay.io"),
        (_service("s3://bucket/llama/"), "credentials: are missing: pods could not read the model"),
    ],
)
def test_what_could_not_pull_is_refused(program: Callable[[], None], said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)


def test_another_namespaces_pull_secret_is_refused() -> None:
    def program() -> None:
        harbor = RegistryCredentials("harbor", registries=[HARBOR], kubernetes_namespace="other")
        _namespace(pull_secrets=[harbor])()

    with pytest.raises(InvalidArguments, match='pull_secrets\\[0\\]: are in "other", and they are needed in "def'):
        declare(program)


def test_a_password_is_in_no_text_of_the_settings() -> None:
    assert "hush" not in f"{HARBOR!r} {HARBOR}"
