"""How pods come by their model fast, and when they cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AwsIrsa,
    AwsS3,
    ExistingKey,
    GpuInferenceService,
    InvalidArguments,
    ModelNodeGroup,
    ModelReference,
    NodeCache,
    NodeGroup,
    S3Compatible,
    StorageInitializer,
    StorageNamespace,
    Toleration,
    VllmRuntime,
)
from unit.components.declared import Declared, declare

VLLM = VllmRuntime(image="vllm/vllm-openai:v0.11.0")
CACHE = NodeCache(node_groups=("gpu",))


def program(version: str = "1", **service: Any) -> Callable[[], None]:
    def run() -> None:
        models = StorageNamespace("models", backend=S3Compatible(endpoint="http://minio:9000", bucket="models"))
        keys = AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIA", "hush")])
        reader = models.kserve_credentials("reader", keys=keys, kubernetes_namespace="serving")
        model = ModelReference(f"s3://models/models/llama/{version}/", models, 16_000_000_000)
        GpuInferenceService("llama", **{"model": model, "credentials": reader} | service)

    return run


def predictor(declared: Declared) -> dict[str, Any]:
    found: dict[str, Any] = declared["llama-service"].inputs["spec"]["predictor"]
    return found


def test_a_service_names_the_container_of_its_download() -> None:
    declared = declare(program(storage_initializer=StorageInitializer(cpu=8, memory="16Gi", parallel_files=16)))  # type: ignore[arg-type]
    container = declared["llama-initializer"].inputs
    assert container["metadata"] == {"name": "serving-llama"}
    assert container["spec"]["supportedUriFormats"] == [{"prefix": "s3://"}]
    assert container["spec"]["container"]["image"] == "kserve/storage-initializer:v0.20.0"
    assert container["spec"]["container"]["resources"]["limits"] == {"cpu": "8", "memory": "16Gi"}
    assert container["spec"]["container"]["env"] == [{"name": "S3_MAX_FILE_CONCURRENCY", "value": "16"}]
    assert predictor(declared)["storageContainerName"] == "serving-llama"
    assert "llama-initializer" in declared["llama-service"].dependencies


def test_a_cache_follows_the_version() -> None:
    first, second = (declare(program(version, node_cache=CACHE))["llama-cache"] for version in ("1", "2"))
    assert first.type.endswith(":LocalModelNamespaceCache")
    assert first.inputs["spec"] == {
        "sourceModelUri": "s3://models/models/llama/1/",
        "modelSize": "15Gi",
        "nodeGroups": ["gpu"],
        "serviceAccountName": "reader",
    }
    names = [item.inputs["metadata"]["name"] for item in (first, second)]
    assert names[0] != names[1], "the URI of a cache is immutable: another version needs another one"
    assert "reader-service-account" in first.dependencies


def test_a_cache_for_all_namespaces() -> None:
    group = NodeGroup(name="h100", selector={"gpu": "h100"})
    cache = declare(program(node_cache=NodeCache(node_groups=(group,), size="20Gi", shared=True)))["llama-cache"]
    assert cache.type.endswith(":LocalModelCache")
    assert "namespace" not in cache.inputs["metadata"]
    assert (cache.inputs["spec"]["modelSize"], cache.inputs["spec"]["nodeGroups"]) == ("20Gi", ["h100"])


def test_a_cache_for_all_namespaces_is_filled_from_the_one_of_kserves_jobs() -> None:
    def run(*, shared: bool = True) -> None:
        models = StorageNamespace("models", backend=S3Compatible(endpoint="http://minio:9000", bucket="models"))
        keys = AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIA", "hush")])
        jobs = models.kserve_credentials("filler", keys=keys, kubernetes_namespace="kserve-localmodel-jobs")
        cache = NodeCache(node_groups=("gpu",), shared=shared, credentials=jobs)
        model = ModelReference("s3://models/models/llama/1/", models, 16_000_000_000)
        reader = models.kserve_credentials("reader", keys=keys)
        GpuInferenceService("llama", model=model, credentials=reader, node_cache=cache, runtime=VLLM)

    declared = declare(run)
    assert declared["llama-cache"].inputs["spec"]["serviceAccountName"] == "filler"
    assert "filler-service-account" in declared["llama-cache"].dependencies
    assert declared["llama-service"].inputs["spec"]["predictor"]["serviceAccountName"] == "reader"
    assert declared.warnings == []
    (warning,) = declare(program(node_cache=NodeCache(node_groups=("gpu",), shared=True), runtime=VLLM)).warnings
    assert "kserve-localmodel-jobs" in warning
    with pytest.raises(InvalidArguments, match=r"node_cache\.credentials: are given for a cache of one namespace"):
        declare(lambda: run(shared=False))


def cached_on(limit: str, **cache: Any) -> Callable[[], None]:
    def run() -> None:
        group = NodeGroup(name="h100", selector={"gpu": "h100"}, tolerations=(Toleration(key="gpu"),))
        disks = ModelNodeGroup("disks", group=group, storage_limit=limit)
        program(node_cache=NodeCache(node_groups=("gpu", disks), **cache))()

    return run


def test_a_cache_comes_after_the_disks_that_the_stack_declares() -> None:
    declared = declare(cached_on("1500Gi"))
    cache = declared["llama-cache"]
    assert predictor(declared)["tolerations"] == [{"key": "gpu", "operator": "Exists"}]
    assert "nodeSelector" not in predictor(declared), "it may also come to the other group"
    assert cache.inputs["spec"]["nodeGroups"] == ["gpu", "h100"]
    assert "disks-nodes" in cache.dependencies


@pytest.mark.parametrize(
    ("limit", "cache", "said"),
    [
        ("10Gi", {}, "node_cache.node_groups[1]: has 10Gi for all of its models, and this one needs 15Gi. Raise"),
        ("1500Gi", {"size": "2Ti"}, "node_cache.node_groups[1]: has 1500Gi for all of its models"),
        ("1500Gi", {"size": "14Gi"}, "node_cache.size: 14Gi is less than the model's 16000000000 bytes. Leave it out"),
        ("much", {}, "storage_limit: 'much' is no quantity"),
    ],
)
def test_a_cache_too_large_for_the_disks_or_too_small_for_the_model(limit: str, cache: Any, said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(cached_on(limit, **cache))
    (problem,) = refused.value.problems
    assert said in str(problem)


def test_weights_are_streamed_with_the_key_of_the_namespace() -> None:
    declared = declare(program(runtime=VLLM, streaming=True, environment={"AWS_REGION": "mine"}))
    model = predictor(declared)["model"]
    assert "storageUri" not in model, "KServe downloads nothing then"
    assert model["args"] == ["--model=s3://models/models/llama/1", "--load-format=runai_streamer"]
    variables = {item["name"]: item.get("value", item.get("valueFrom")) for item in model["env"]}
    assert variables == {
        "AWS_ACCESS_KEY_ID": {"secretKeyRef": {"name": "reader", "key": "AWS_ACCESS_KEY_ID"}},
        "AWS_SECRET_ACCESS_KEY": {"secretKeyRef": {"name": "reader", "key": "AWS_SECRET_ACCESS_KEY"}},
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_EC2_METADATA_DISABLED": "true",
        "RUNAI_STREAMER_S3_USE_VIRTUAL_ADDRESSING": "0",
        "AWS_REGION": "mine",
    }
    assert "ephemeral-storage" not in model["resources"]["requests"]
    container = declared["llama-runtime"].inputs["spec"]["containers"][0]
    assert not [argument for argument in container["args"] if argument.startswith("--model=")]


def test_weights_are_streamed_by_a_role() -> None:
    def run() -> None:
        models = StorageNamespace("models", backend=AwsS3(bucket="acme-models", region="eu-central-1"))
        identity = AwsIrsa(oidc_provider_arn="arn:aws:iam::123456789012:oidc-provider/oidc.example.org")
        reader = models.kserve_credentials("reader", identity=identity)
        model = ModelReference("s3://acme-models/models/llama/1/", models, 5)
        GpuInferenceService("llama", model=model, credentials=reader, runtime=VLLM, streaming=True)

    variables = predictor(declare(run))["model"]["env"]
    assert {"name": "AWS_REGION", "value": "eu-central-1"} in variables
    assert not [item for item in variables if "KEY" in item["name"] or item["name"] == "AWS_ENDPOINT_URL"]


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"storage_initializer": StorageInitializer(memory="1Mi")}, "storage_initializer.memory: 1Mi is too little"),
        ({"storage_initializer": StorageInitializer(parallel_files=0)}, "storage_initializer.parallel_files: is 0"),
        ({"storage_initializer": StorageInitializer(image="a b")}, 'storage_initializer.image: "a b" is no name'),
        ({"storage_initializer": StorageInitializer(), "kserve_version": "0.19"}, "from KServe 0.20 on"),
        ({"storage_initializer": StorageInitializer(), "model": "pvc://claim"}, "find in place"),
        (
            {"storage_initializer": StorageInitializer(), "kubernetes_namespace": pulumi.Output.from_input("serving")},
            "storage_initializer.name: is missing",
        ),
        ({"node_cache": NodeCache(node_groups=())}, "node_cache.node_groups: are none"),
        ({"node_cache": CACHE, "model": "s3://models/x/"}, "node_cache.size: is missing"),
        ({"node_cache": CACHE, "model": "oci://reg/x:v1"}, "node_cache.node_groups: are given for a model"),
        ({"node_cache": CACHE, "kserve_version": "0.17"}, "node_cache.shared: is not set"),
        ({"node_cache": "gpu"}, "node_cache: str is not NodeCache"),
        ({"streaming": "yes"}, "streaming: str is no flag"),
        ({"streaming": True}, "streaming: is set for a runtime that is no VllmRuntime"),
        ({"streaming": True, "runtime": VLLM, "model": "pvc://claim"}, "is set for pvc://, and it reads s3:// only"),
        ({"streaming": True, "runtime": VLLM, "node_cache": CACHE}, "node_cache: is given beside streaming"),
        (
            {"streaming": True, "runtime": VLLM, "credentials": None, "service_account_name": "x"},
            "streaming: is set without the credentials of a namespace",
        ),
    ],
)
def test_what_cannot_be_is_refused(service: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(program(**service))
    assert said in str(refused.value)


def test_a_store_with_a_certificate_of_its_own_is_not_streamed_from() -> None:
    def run() -> None:
        backend = S3Compatible(endpoint="https://minio:9000", bucket="models", verify_tls=False)
        models = StorageNamespace("models", backend=backend)
        keys = AccessKeyPair("reader", namespace=models, keys=[ExistingKey("AKIA", "hush")])
        reader = models.kserve_credentials("reader", keys=keys)
        model = ModelReference("s3://models/models/llama/1/", models, 5)
        GpuInferenceService("llama", model=model, credentials=reader, runtime=VLLM, streaming=True)

    with pytest.raises(InvalidArguments, match="streaming: is set for a store whose certificate"):
        declare(run)
