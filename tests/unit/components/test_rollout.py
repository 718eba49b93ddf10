"""A gradual change from one tag to another: shares, names, and what a program cannot ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    ExistingKey,
    Gateway,
    InvalidArguments,
    ModelArtifact,
    ModelReference,
    ModelRollout,
    S3Compatible,
    StorageNamespace,
    VllmRuntime,
)
from unit.components.declared import Declared, declare

GATEWAY = Gateway(name="ingress", namespace="kserve")
VLLM = VllmRuntime(image="vllm/vllm-openai:v0.11.0")


def roll(folder: Path, **rollout: Any) -> Declared:
    def program() -> None:
        models = StorageNamespace("models", backend=S3Compatible(endpoint="http://minio:9000", bucket="models"))
        keys = AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIA", "hush")])
        reader = models.kserve_credentials("reader", keys=keys, kubernetes_namespace="serving")
        tags = {"v1": "old", "v2": "new", "also-new": "v2"}
        model = ModelArtifact(
            "llama", namespace=models, source=folder, version="new", tags=tags, earlier_versions=["old"]
        )
        given = {"model": model, "stable": "v1", "gateway": GATEWAY, "credentials": reader, "runtime": VLLM}
        ModelRollout("llama", **given | rollout)

    return declare(program)


def uri(declared: Declared, service: str) -> str:
    found: str = declared[f"{service}-service"].inputs["spec"]["predictor"]["model"]["storageUri"]
    return found


def test_two_services_share_the_requests(model_folder: Path) -> None:
    declared = roll(model_folder, candidate="v2", candidate_percent=10, hostnames=["llama.example.org"])
    assert uri(declared, "llama-stable") == "s3://models/models/llama/old/"
    assert uri(declared, "llama-candidate") == "s3://models/models/llama/new/"
    route = declared["llama-route"]
    assert route.inputs["metadata"] == {"name": "llama", "namespace": "serving"}
    (rule,) = route.inputs["spec"]["rules"]
    shares = {backend["name"]: (backend["port"], backend["weight"]) for backend in rule["backendRefs"]}
    assert shares == {"llama-stable-predictor": (80, 90), "llama-candidate-predictor": (80, 10)}
    assert route.inputs["spec"]["hostnames"] == ["llama.example.org"]
    assert {"llama-stable-service", "llama-candidate-service"} <= set(route.dependencies)
    for role in ("stable", "candidate"):
        container = declared[f"llama-{role}-runtime"].inputs["spec"]["containers"][0]
        assert "--served-model-name=llama" in container["args"], "clients know one model"


def test_ending_a_rollout_changes_the_stable_service_alone(model_folder: Path) -> None:
    during, after = roll(model_folder, candidate="v2"), roll(model_folder, stable="v2")
    assert uri(after, "llama-stable") == uri(during, "llama-candidate")
    assert "llama-candidate-service" not in after.resources
    (rule,) = after["llama-route"].inputs["spec"]["rules"]
    assert [(backend["name"], backend["weight"]) for backend in rule["backendRefs"]] == [
        ("llama-stable-predictor", 100)
    ]


def test_knative_divides_between_revisions_of_one_service(model_folder: Path) -> None:
    knative = {"deployment_mode": "Knative", "gateway": None, "runtime": "kserve-vllmserver", "min_replicas": 0}
    before, during = roll(model_folder, **knative), roll(model_folder, **knative, candidate="v2", candidate_percent=25)
    assert [name for name in during.resources if "route" in name] == []
    assert (uri(before, "llama-model"), uri(during, "llama-model")) == (
        "s3://models/models/llama/old/",
        "s3://models/models/llama/new/",
    )
    predictors = [item["llama-model-service"].inputs["spec"]["predictor"] for item in (before, during)]
    assert [item.get("canaryTrafficPercent") for item in predictors] == [None, 25]
    assert during["llama-model-service"].inputs["metadata"]["name"] == "llama"
    assert predictors[0]["model"]["args"] == ["--served-model-name=llama"]


def test_two_tags_of_one_version_are_warned_about(model_folder: Path) -> None:
    warnings = roll(model_folder, stable="v2", candidate="also-new").warnings
    assert "stable and candidate mean the same version: s3://models/models/llama/new/" in warnings


def test_versions_of_another_stack(model_folder: Path) -> None:
    versions = {role: ModelReference(f"pvc://models/{role}") for role in ("stable", "candidate")}
    declared = roll(model_folder, model=None, credentials=None, **versions)
    assert [uri(declared, f"llama-{role}") for role in versions] == ["pvc://models/stable", "pvc://models/candidate"]


@pytest.mark.parametrize(
    ("rollout", "said"),
    [
        ({"candidate": "v3"}, '"v3" is none of them'),
        ({"candidate": "v1"}, "candidate: is 'v1' like stable"),
        ({"candidate": 5}, "candidate: int is no text"),
        ({"stable": ""}, "stable: is empty"),
        ({"model": None}, "model: NoneType is not a ModelArtifact"),
        ({"candidate": "v2", "candidate_percent": 101}, "candidate_percent: 101 is no share"),
        ({"candidate_percent": True}, "candidate_percent: True is no share"),
        ({"gateway": None}, "gateway: is missing"),
        ({"gateway": Gateway(name="No Name")}, "gateway.name"),
        ({"gateway": "ingress"}, "gateway: str is not Gateway"),
        ({"deployment_mode": "Knative"}, "gateway: is given in Knative mode"),
        ({"deployment_mode": "ModelMesh"}, "deployment_mode: 'ModelMesh' is no mode"),
        ({"hostnames": ["http://llama"]}, 'hostnames[0]: "http://llama" is no host name'),
        ({"service_name": "x"}, "service_name: is set by the rollout itself"),
        ({"canary_traffic_percent": 5}, "canary_traffic_percent: is set by the rollout itself"),
        ({"model": "s3://models/llama/"}, "model: str is not a ModelArtifact"),
        ({"min_replicas": 0}, "min_replicas: is 0, and Standard mode"),
    ],
)
def test_what_a_rollout_cannot_be(model_folder: Path, rollout: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        roll(model_folder, **rollout)
    assert said in str(refused.value)
