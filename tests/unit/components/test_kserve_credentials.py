from __future__ import annotations

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKey,
    AccessKeyPair,
    AwsS3,
    ExistingKey,
    InvalidArguments,
    KServeCredentials,
    S3Compatible,
    StorageNamespace,
)
from unit.components.declared import declare


def test_secret_and_service_account_for_aws() -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models", region="eu-west-1"))
        keys = AccessKeyPair("reader", namespace=namespace)
        credentials = KServeCredentials(
            "kserve",
            namespace=namespace,
            keys=keys,
            kubernetes_namespace="team-a",
            secret_name="minio-creds",
            service_account_name="sa-models",
            labels={"team": "a"},
            annotations={"example.org/owner": "a"},
        )
        pulumi.export("checksum", credentials.checksum)

    declared = declare(program)
    assert declared["kserve-secret"].type == "kubernetes:core/v1:Secret"
    assert declared["kserve-secret"].inputs == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": "minio-creds",
            "namespace": "team-a",
            "labels": {"team": "a"},
            "annotations": {
                "serving.kserve.io/s3-endpoint": "s3.eu-west-1.amazonaws.com",
                "serving.kserve.io/s3-usehttps": "1",
                "serving.kserve.io/s3-region": "eu-west-1",
            },
        },
        "data": {
            "[secret]": {
                "AWS_ACCESS_KEY_ID": "cmVhZGVyLWV2ZW4taWQ=",
                "AWS_SECRET_ACCESS_KEY": "cmVhZGVyLWV2ZW4tc2VjcmV0LWtleQ==",
            }
        },
    }
    assert list(declared["kserve-secret"].request.additionalSecretOutputs) == ["data"]
    assert declared["kserve-service-account"].type == "kubernetes:core/v1:ServiceAccount"
    assert declared["kserve-service-account"].inputs == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "sa-models",
            "namespace": "team-a",
            "labels": {"team": "a"},
            "annotations": {"example.org/owner": "a"},
        },
        "secrets": [{"name": "minio-creds"}],
        "automountServiceAccountToken": False,
    }
    # The first 16 hex digits of the key id's SHA-256: nothing of the secret part is in it.
    assert declared.exports == {"checksum": "0a80b8a0c49cc0f6"}


def test_types_are_those_of_pulumi_kubernetes() -> None:
    from importlib.metadata import version

    declared = declare(_elsewhere)
    assert declared["kserve-secret"].request.version == version("pulumi-kubernetes")


def _elsewhere(**settings: object) -> None:
    backend = S3Compatible(endpoint="http://10.0.0.5:9000", bucket="team-models", **settings)  # type: ignore[arg-type]
    namespace = StorageNamespace("models", backend=backend)
    keys = AccessKey("reader", namespace=namespace, key=ExistingKey("AKIA", "hush"))
    namespace.kserve_credentials("kserve", keys=keys)


@pytest.mark.parametrize(
    ("settings", "annotations"),
    [
        ({}, {}),
        ({"addressing": "virtual"}, {"s3-usevirtualbucket": "true"}),
        ({"verify_tls": False}, {"s3-verifyssl": "0"}),
        ({"ca_bundle_configmap": "store-ca"}, {"s3-cabundle-configmap": "store-ca"}),
        ({"region": "lab"}, {"s3-region": "lab"}),
    ],
)
def test_annotations_of_other_stores(settings: dict[str, object], annotations: dict[str, str]) -> None:
    declared = declare(lambda: _elsewhere(**settings))
    expected = {"s3-endpoint": "10.0.0.5:9000", "s3-usehttps": "0", "s3-region": "us-east-1"} | annotations
    assert declared["kserve-secret"].inputs["metadata"]["annotations"] == {
        f"serving.kserve.io/{key}": value for key, value in expected.items()
    }


def test_bad_arguments_are_listed() -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        other = StorageNamespace("other", backend=AwsS3(bucket="other-models"))
        KServeCredentials(
            "kserve",
            namespace=namespace,
            keys=AccessKeyPair("reader", namespace=other),
            kubernetes_namespace="Team A",
            secret_name="minio_creds",
            service_account_name="-sa",
            labels={"a/b/c": "x", "ok": "not ok"},
            annotations={"example.org/": "x"},
        )

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert [str(problem).split(".")[0] for problem in refused.value.problems] == [
        "keys: open another namespace than models",
        'kubernetes_namespace: "Team A" is no name that Kubernetes takes',
        'secret_name: "minio_creds" is no name that Kubernetes takes',
        'service_account_name: "-sa" is no name that Kubernetes takes',
        'labels: "a/b/c" is no key that Kubernetes takes',
        "labels[\"ok\"]: 'not ok' is no label value",
        'annotations: "example',
    ]
