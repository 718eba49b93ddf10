"""`GcpWorkloadIdentity` in the place of keys: what is declared, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AwsIrsa,
    GcpWorkloadIdentity,
    Gcs,
    GpuInferenceService,
    InvalidArguments,
    ModelArtifact,
    StorageNamespace,
)
from unit.components.declared import Declared, declare

EXISTING = "reader@acme-models.iam.gserviceaccount.com"


def _outputs(args: Any) -> dict[str, Any]:
    if args.typ == "gcp:serviceaccount/account:Account":
        email = f"{args.inputs['accountId']}@acme-models.iam.gserviceaccount.com"
        return {
            "email": email,
            "member": f"serviceAccount:{email}",
            "name": f"projects/acme-models/serviceAccounts/{email}",
        }
    return {}


def _declared(settings: dict[str, Any], name: str = "reader", **backend: Any) -> Declared:
    def program() -> None:
        namespace = StorageNamespace("models", backend=Gcs(bucket="team-models", **backend))
        identity = GcpWorkloadIdentity(**settings)
        namespace.kserve_credentials(
            name, identity=identity, kubernetes_namespace="serving", service_account_name="pods"
        )

    return declare(program, outputs=_outputs)


def test_an_account_for_one_service_account() -> None:
    declared = _declared({"project": "acme-models"})
    parts = {"account", "access", "federation", "service-account"}
    assert set(declared.children("reader")) == {f"reader-{part}" for part in parts}
    account = declared["reader-account"]
    assert account.type == "gcp:serviceaccount/account:Account"
    assert account.inputs["project"] == "acme-models"
    assert re.fullmatch(r"reader-[0-9a-f]{7}", account.inputs["accountId"])
    email = f"{account.inputs['accountId']}@acme-models.iam.gserviceaccount.com"
    assert declared["reader-access"].type == "gcp:storage/bucketIAMMember:BucketIAMMember"
    assert declared["reader-access"].inputs == {
        "bucket": "team-models",
        "role": "roles/storage.objectViewer",
        "member": f"serviceAccount:{email}",
    }
    assert declared["reader-access"].dependencies == ["models-bucket", "reader-account"]
    assert declared["reader-federation"].type == "gcp:serviceaccount/iAMMember:IAMMember"
    assert declared["reader-federation"].inputs == {
        "serviceAccountId": f"projects/acme-models/serviceAccounts/{email}",
        "role": "roles/iam.workloadIdentityUser",
        "member": "serviceAccount:acme-models.svc.id.goog[serving/pods]",
    }
    service_account = declared["reader-service-account"]
    assert service_account.inputs == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "pods",
            "namespace": "serving",
            "annotations": {"iam.gke.io/gcp-service-account": email},
        },
        "automountServiceAccountToken": False,
    }
    assert {"reader-access", "reader-federation"} <= set(service_account.dependencies)


def test_a_writer_in_a_part_of_the_bucket_and_a_cluster_of_another_project() -> None:
    declared = _declared({"pool": "clusters.svc.id.goog", "read_only": False}, prefix="team-a", project="acme-models")
    access = declared["reader-access"].inputs
    assert access["role"] == "roles/storage.objectUser"
    assert access["condition"]["expression"] == (
        'resource.type == "storage.googleapis.com/Bucket" || '
        'resource.name.startsWith("projects/_/buckets/team-models/objects/team-a/")'
    )
    assert declared["reader-account"].inputs["project"] == "acme-models"
    assert declared["reader-federation"].inputs["member"] == "serviceAccount:clusters.svc.id.goog[serving/pods]"


def test_the_bucket_s_project_is_the_account_s() -> None:
    declared = _declared({}, project="acme-models")
    assert declared["reader-account"].inputs["project"] == "acme-models"
    assert declared["reader-federation"].inputs["member"] == "serviceAccount:acme-models.svc.id.goog[serving/pods]"


@pytest.mark.parametrize("name", ["a-very-long-name-of-a-consumer-of-models", "9.Lives_of_a-cat", "X"])
def test_an_account_s_id_fits_google_s_rules(name: str) -> None:
    account_id = _declared({"project": "acme-models"}, name=name)[f"{name}-account"].inputs["accountId"]
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])", account_id)
    assert 6 <= len(account_id) <= 30


def test_an_existing_account_is_used_as_it_is() -> None:
    declared = _declared({"service_account": EXISTING})
    assert declared.children("reader") == ["reader-service-account"]
    annotations = declared["reader-service-account"].inputs["metadata"]["annotations"]
    assert annotations == {"iam.gke.io/gcp-service-account": EXISTING}


def test_a_service_reads_by_gs(model_folder: Any) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=Gcs(bucket="team-models", project="acme-models"))
        credentials = namespace.kserve_credentials("reader", identity=GcpWorkloadIdentity())
        model = ModelArtifact("llm", namespace=namespace, source=str(model_folder), version="v1")
        GpuInferenceService("llm", model=model, credentials=credentials)
        pulumi.export("checksum", credentials.checksum)

    declared = declare(program, preview=False, outputs=_outputs)
    predictor = declared["llm-service"].inputs["spec"]["predictor"]
    assert predictor["model"]["storageUri"] == "gs://team-models/models/llm/v1/"
    assert predictor["serviceAccountName"] == "reader"
    assert "labels" not in predictor
    assert predictor["annotations"] == {"pulumi-modelstore/credentials-checksum": declared.exports["checksum"]}


@pytest.mark.parametrize(
    ("settings", "backend", "problem"),
    [
        ({}, {}, "identity.project: is missing, by which the cluster's pool is named."),
        (
            {"service_account": EXISTING, "project": "acme-models"},
            {},
            "identity.project: is given beside service_account.",
        ),
        (
            {"service_account": EXISTING, "pool": "acme-models.svc.id.goog"},
            {},
            "identity.pool: is given beside service_account.",
        ),
        (
            {"service_account": EXISTING, "read_only": False},
            {},
            "identity.read_only: is false for an account that the stack does not make.",
        ),
        ({"project": "Acme Models"}, {}, 'identity.project: "Acme Models" is none. Write it like acme-models.'),
        ({"project": "acme-models", "pool": "acme-models"}, {}, 'identity.pool: "acme-models" is none.'),
        ({"service_account": "reader"}, {}, 'identity.service_account: "reader" is none. Write it like reader@acme'),
        (
            {"service_account": EXISTING},
            {"keys": "hmac"},
            "identity.backend: is read by s3:// URIs, which take pairs of keys alone.",
        ),
    ],
)
def test_bad_settings(settings: dict[str, Any], backend: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        _declared(settings, **backend)
    (found,) = map(str, refused.value.problems)
    assert found.startswith(problem)


def test_an_identity_of_another_cloud() -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=Gcs(bucket="team-models"))
        namespace.kserve_credentials("reader", identity=AwsIrsa(role_arn="arn:aws:iam::123456789012:role/reader"))

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert [str(problem) for problem in refused.value.problems] == [
        (
            'identity: AwsIrsa opens nothing in namespace "models", which is on gcs. '
            "Pass GcpWorkloadIdentity(project=...), or keys."
        )
    ]
