from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AwsS3,
    Gpu,
    GpuInferenceService,
    InvalidArguments,
    ModelArtifact,
    ModelReference,
    Resources,
    StorageNamespace,
)
from pulumi_modelstore.kserve.resources import ephemeral_storage_for
from unit.components.declared import Declared, declare

GIB = 1024**3


def serve(source: Path, *, tag: str | None = None, **arguments: Any) -> Declared:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        keys = AccessKeyPair("reader", namespace=namespace)
        credentials = namespace.kserve_credentials("kserve", keys=keys, kubernetes_namespace="team-a")
        artifact = ModelArtifact(
            "llama",
            namespace=namespace,
            source=source,
            version="v2",
            tags={"latest": None, "stable": "v1"},
            earlier_versions=["v1"],
        )
        model = artifact.at(tag) if tag else artifact
        GpuInferenceService("llama", model=model, credentials=credentials, **arguments)

    return declare(program)


def test_service_is_a_v1beta1_inference_service(model_folder: Path) -> None:
    service = serve(
        model_folder,
        runtime="aml-vllm-0.11.2-cpu",
        model_format="transformers",
        protocol_version="v2",
        gpu=Gpu(count=2, resource="amd.com/gpu", memory="80Gi"),
        resources=Resources(cpu="2", memory="8Gi", cpu_limit="4", ephemeral_storage="20Gi"),
        min_replicas=1,
        max_replicas=3,
        model_repository="team/llama",
        pipeline_tag="text-generation",
        runtime_type="vllm",
        annotations={"example.org/a": "b"},
        labels={"team": "a"},
    )["llama-service"]
    assert service.type == "kubernetes:serving.kserve.io/v1beta1:InferenceService"
    assert service.inputs == {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": "llama",
            "namespace": "team-a",
            "labels": {"aml.cpaas.io/runtime-type": "vllm", "team": "a"},
            "annotations": {
                "serving.kserve.io/deploymentMode": "Standard",
                "aml-model-repo": "team/llama",
                "aml-pipeline-tag": "text-generation",
                "example.org/a": "b",
            },
        },
        "spec": {
            "predictor": {
                "minReplicas": 1,
                "maxReplicas": 3,
                "serviceAccountName": "kserve",
                "annotations": {"pulumi-modelstore/credentials-checksum": "0a80b8a0c49cc0f6"},
                "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}, "runAsNonRoot": True},
                "model": {
                    "modelFormat": {"name": "transformers"},
                    "runtime": "aml-vllm-0.11.2-cpu",
                    "storageUri": "s3://team-models/models/llama/v2/",
                    "protocolVersion": "v2",
                    "resources": {
                        "requests": {"cpu": "2", "memory": "8Gi", "ephemeral-storage": "20Gi", "amd.com/gpu": "2"},
                        "limits": {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "20Gi", "amd.com/gpu": "2"},
                    },
                },
            }
        },
    }


def test_service_waits_for_the_upload_and_the_credentials(model_folder: Path) -> None:
    dependencies = serve(model_folder)["llama-service"].dependencies
    assert dependencies == ["kserve-secret", "kserve-service-account", "llama-upload", "reader-ready"]


def test_service_refers_to_the_version_that_a_tag_means(model_folder: Path) -> None:
    latest, stable = serve(model_folder, tag="latest"), serve(model_folder, tag="stable")
    assert storage_uri(latest) == "s3://team-models/models/llama/v2/"
    assert storage_uri(stable) == "s3://team-models/models/llama/v1/"
    assert "llama-tag-stable" in stable["llama-service"].dependencies


def storage_uri(declared: Declared) -> str:
    uri: str = declared["llama-service"].inputs["spec"]["predictor"]["model"]["storageUri"]
    return uri


def test_storage_is_derived_from_the_model_and_coarse(model_folder: Path) -> None:
    model = serve(model_folder)["llama-service"].inputs["spec"]["predictor"]["model"]
    assert model["resources"]["requests"]["ephemeral-storage"] == "5Gi"
    assert [ephemeral_storage_for(size * GIB) for size in (0, 1, 14, 70, 140)] == [
        "4Gi",
        "6Gi",
        "24Gi",
        "96Gi",
        "192Gi",
    ]
    # An edited configuration file of a model leaves the service's storage alone.
    assert ephemeral_storage_for(14 * GIB) == ephemeral_storage_for(14 * GIB + 100_000)


def test_service_without_gpu_and_unknown_size(model_folder: Path) -> None:
    def program() -> None:
        GpuInferenceService("llama", model="pvc://models/llama", gpu=None, service_account_name="serving")

    service = declare(program)["llama-service"].inputs
    assert service["metadata"]["namespace"] == "default"
    assert service["spec"]["predictor"]["serviceAccountName"] == "serving"
    assert "annotations" not in service["spec"]["predictor"]
    assert service["spec"]["predictor"]["model"]["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi"},
        "limits": {"cpu": "4", "memory": "16Gi"},
    }


@pytest.mark.parametrize(
    "uri",
    [
        "pvc://claim",
        "pvc://claim/sub/path",
        "pvc://claim/llama..v2/",
        "oci://llama:v1",
        f"oci://quay.io/team/llama@sha256:{'0a' * 32}",
        f"oci://localhost:5000/team/llama:v1@sha256:{'0a' * 32}",
        "oci+native://harbor.example.org/team/llama:v1",
        "hf://meta-llama/Llama-3.1-8B:main",
        "gs://bucket/models/llama/",
        "https://account.blob.core.windows.net/models/llama",
    ],
)
def test_storage_uris_that_kserve_reads(uri: str) -> None:
    declared = declare(lambda: GpuInferenceService("llama", model=uri, service_account_name="x") and None)
    assert storage_uri(declared) == uri


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("models/llama", "is no URI"),
        ("meta-llama/Llama-3.1-8B", "For a model of the hub write hf://meta-llama/Llama-3.1-8B; else use one of s3://"),
        ("ftp://host/x", "no scheme that KServe reads"),
        ("pvc:///x", "Write it like pvc://claim"),
        ("pvc://claim/../other", "Write it like pvc://claim"),
        ("oci://quay.io/Team/llama:v1", "Write it like oci://registry/image:tag"),
        ("oci://quay.io/team/llama@sha256:0a", "oci://registry/image@sha256:<64 hex digits>"),
        ("oci+native://quay.io/team/llama:", "Write it like oci+native://registry/image@sha256:"),
        ("hf://llama", "Write it like hf://owner/model"),
        ("hf://owner/llama@main", "hf://owner/model:revision"),
        ("hf://owner/llama:refs/pr/1", "hf://owner/model:revision"),
        ("hf://a/b/c", "Write it like hf://owner/model"),
        ("s3://bucket", "Write it like s3://bucket/prefix/"),
        ("https://[host", "Write it like https://host/path"),
        ("", "model: is empty"),
    ],
)
def test_storage_uris_that_kserve_does_not_read(uri: str, said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(lambda: GpuInferenceService("llama", model=uri) and None)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("https://me:hush@example.org/llama.gguf", "model: holds a user or password"),
        ("https://account.blob.core.windows.net/models/llama?sv=1&sig=hush", "model: holds a parameter 'sig'"),
        ("http://example.org/llama.gguf?X-Amz-Signature=hush", "model: holds a parameter 'X-Amz-Signature'"),
    ],
)
def test_a_secret_in_a_uri_is_refused_and_not_repeated(uri: str, said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(lambda: GpuInferenceService("llama", model=uri) and None)
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)


def test_uri_without_a_slash_and_what_can_move_are_warned_about() -> None:
    def program() -> None:
        GpuInferenceService("one", model="s3://bucket/models/llama", service_account_name="x", runtime="vllm")
        GpuInferenceService("two", model="oci://quay.io/team/llama:v1", runtime="vllm")
        GpuInferenceService("three", model="hf://team/llama:main", runtime="vllm")
        GpuInferenceService("four", model="hf://team/llama", runtime="vllm")
        GpuInferenceService("five", model=f"hf://team/llama:{'0a' * 20}", runtime="vllm")

    warnings = sorted(declare(program).warnings, reverse=True)
    assert len(warnings) == 4
    assert "has no slash at the end" in warnings[0]
    assert "names an image by tag" in warnings[1]
    assert "hf://team/llama:main names no commit" in warnings[2]
    assert "hf://team/llama names no commit" in warnings[3]


def _foreign_credentials(source: Path) -> Callable[[], None]:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        other = StorageNamespace("other", backend=AwsS3(bucket="other-models"))
        credentials = other.kserve_credentials("kserve", keys=AccessKeyPair("reader", namespace=other))
        artifact = ModelArtifact("llama", namespace=namespace, source=source)
        GpuInferenceService("llama", model=artifact, credentials=credentials, kubernetes_namespace="team-b")

    return program


def test_contradictions_with_the_credentials_are_refused(model_folder: Path) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(_foreign_credentials(model_folder))
    assert [str(problem) for problem in refused.value.problems] == [
        (
            "credentials: open another namespace than the one that holds the model. "
            'Pass credentials of namespace "models".'
        ),
        (
            'kubernetes_namespace: is "team-b", but credentials are in "default", where no other namespace can '
            "use them. Leave it out, or declare credentials for that namespace."
        ),
    ]


@pytest.mark.parametrize("uri", ["s3://bucket/models/llama/"])
def test_model_without_keys_to_read_it_is_refused(uri: str, model_folder: Path) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        GpuInferenceService("one", model=ModelArtifact("llama", namespace=namespace, source=model_folder))
        GpuInferenceService("two", model=uri)

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert [problem.argument for problem in refused.value.problems] == ["credentials", "credentials"]


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ({"min_replicas": -1}, ["min_replicas: -1 is no number of replicas"]),
        ({"min_replicas": 0}, ["min_replicas: is 0, and Standard mode does not scale to zero"]),
        ({"min_replicas": 3, "max_replicas": 2}, ["max_replicas: 2 is less than min_replicas 3"]),
        ({"gpu": Gpu(count=0, resource="gpu")}, ["gpu.count: is 0", 'gpu.resource: "gpu" is no resource']),
        ({"gpu": Gpu(count=-2, memory="lots")}, ["gpu.count: is -2", "gpu.memory: 'lots' is no quantity"]),
        ({"gpu": Gpu(memory="1Ki")}, ["gpu.memory: 1 x 1Ki are 1024 bytes, the model has 1027"]),
        (
            {"resources": Resources(cpu="four", memory="0", ephemeral_storage="-1Gi")},
            [
                "resources.cpu: 'four' is no quantity",
                "resources.memory: is zero",
                "resources.ephemeral_storage: '-1Gi' is no quantity",
            ],
        ),
        (
            {"resources": Resources(memory="8Gi", memory_limit="4Gi", ephemeral_storage="1k")},
            [
                "resources.memory_limit: 4Gi is less than the request 8Gi",
                "resources.ephemeral_storage: 1k is less than the model's 1027 bytes",
            ],
        ),
        ({"service_name": "Llama_3"}, ['service_name: "Llama_3" is no name that Kubernetes takes']),
        ({"service_name": "3-llama"}, ['service_name: "3-llama" begins with a digit']),
        ({"service_name": "l" * 54}, ["Use 1 to 53 lower-case letters"]),
        ({"runtime": "My Runtime"}, ['runtime: "My Runtime" is no name']),
        ({"model_format": ""}, ["model_format: is empty"]),
        ({"model_name": "Llama 3"}, ['model_name: "Llama 3" is no name']),
        ({"protocol_version": "v2/"}, ["protocol_version: 'v2/' is no protocol"]),
        ({"service_account_name": "own"}, ["service_account_name: is given beside credentials"]),
        (
            {"annotations": {"serving.kserve.io/deploymentMode": "Knative"}},
            ['annotations["serving.kserve.io/deploymentMode"]: is set to another mode'],
        ),
        ({"runtime_type": "not a label"}, ["labels[\"aml.cpaas.io/runtime-type\"]: 'not a label' is no label value"]),
    ],
)
def test_bad_arguments(model_folder: Path, arguments: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(InvalidArguments) as refused:
        serve(model_folder, **arguments)
    for problem in problems:
        assert problem in str(refused.value)
    assert len(refused.value.problems) == len(problems)


def test_reference_to_a_place_that_no_namespace_knows() -> None:
    reference = ModelReference("s3://bucket/llama/", total_bytes=2 * GIB)
    declared = declare(lambda: GpuInferenceService("llama", model=reference, service_account_name="x") and None)
    limits = declared["llama-service"].inputs["spec"]["predictor"]["model"]["resources"]["limits"]
    assert limits["ephemeral-storage"] == "7Gi"
