"""Values of the wrong Python type, as configuration and slips of the hand give them: problems like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AwsIrsa,
    AwsS3,
    ExistingKey,
    Gpu,
    GpuInferenceService,
    InvalidArguments,
    ModelArtifact,
    Resources,
    S3Compatible,
    StorageNamespace,
    backend_from_config,
)
from pulumi_modelstore.backends.kserve_s3 import s3_secret
from pulumi_modelstore.backends.protocol import IssuedKey
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from unit.components.declared import declare

Declaration = Callable[[StorageNamespace, str], Any]


def later(value: Any) -> Any:
    return pulumi.Output.from_input(value)


def service(**arguments: Any) -> Declaration:
    return lambda _, __: GpuInferenceService("llama", model="pvc://claim", **arguments)


def artifact(**arguments: Any) -> Declaration:
    return lambda namespace, folder: ModelArtifact("llama", **{"namespace": namespace, "source": folder} | arguments)


def pair(**arguments: Any) -> Declaration:
    return lambda namespace, _: AccessKeyPair("reader", namespace=namespace, **arguments)


def other(**arguments: Any) -> Declaration:
    return lambda _, __: StorageNamespace("other", **{"backend": AwsS3(bucket="other-models")} | arguments)


def credentials(**arguments: Any) -> Declaration:
    return lambda namespace, _: namespace.kserve_credentials(
        "reader", keys=AccessKeyPair("reader", namespace=namespace), **arguments
    )


WRONG: dict[str, tuple[Declaration, str]] = {
    "bucket None": (lambda _, __: AwsS3(bucket=None), "bucket: NoneType is no text."),  # type: ignore[arg-type]
    "bucket number": (other(backend=None), "backend: NoneType is no backend."),
    "unknown setting": (lambda _, __: AwsS3(bucket="b", regoin="x"), "regoin: is no setting"),  # type: ignore[call-arg]
    "region output": (lambda _, __: AwsS3(bucket="b", region=later("x")), "region: is an output"),
    "endpoint missing": (lambda _, __: S3Compatible(bucket="b"), "endpoint: is missing"),  # type: ignore[call-arg]
    "gpu count text": (lambda _, __: Gpu(count="one"), "count: str is of the wrong type. Pass a valid integer."),  # type: ignore[arg-type]
    "description number": (other(description=5), "description: int is no text. Pass a string."),
    "description output": (other(description=later("x")), "description: is an output"),
    "adopt text": (other(adopt="false"), "adopt: str is no flag."),
    "overlap text": (pair(overlap="false"), "overlap: str is no flag."),
    "read_only text": (pair(read_only="false"), "read_only: str is no flag."),
    "rotation output": (pair(rotation=later(1)), "rotation: is an output"),
    "prefix number": (pair(prefix=5), "prefix: int is no text."),
    "keys number": (pair(keys=5), "keys: int is no list."),
    "one key for a list": (pair(keys=ExistingKey("a", "b")), "keys: ExistingKey is no list."),
    "secret number": (pair(keys=[ExistingKey("a", 5)]), "keys[0].secret_access_key: int is no text."),  # type: ignore[arg-type]
    "source output": (artifact(source=later("model")), "source: is an output"),
    "source with NUL": (artifact(source="a\0b"), "embedded null byte"),
    "model number": (artifact(model=5), "model: int is no text."),
    "version number": (artifact(version=5), "version: int is no text."),
    "version output": (artifact(version=later("v1")), "version: is an output"),
    "tags text": (artifact(tags="latest"), 'tags: str is no list or mapping. Write tags like ["latest"]'),
    "tags number": (artifact(tags=5), "tags: int is no list or mapping."),
    "tag of a list": (artifact(tags=["a", ["b"]]), "tags: list is no name."),
    "earlier versions text": (artifact(earlier_versions="v1"), "earlier_versions: str is no list."),
    "unknown tag": (lambda ns, folder: ModelArtifact("a", namespace=ns, source=folder).at("x"), '"x" is none of them'),
    "labels list": (credentials(labels=["a"]), "labels: list is no mapping."),
    "annotations number": (credentials(annotations=5), "annotations: int is no mapping."),
    "no keys": (lambda ns, _: ns.kserve_credentials("r"), "keys: are missing. Pass AccessKeyPair(...), or an identity"),
    "keys text": (lambda ns, _: ns.kserve_credentials("r", keys="x"), "Pass the AccessKeyPair or AccessKey object"),  # type: ignore[arg-type]
    "identity text": (lambda ns, _: ns.kserve_credentials("r", identity="x"), "identity: str is no identity."),  # type: ignore[arg-type]
    "role number": (lambda ns, _: AwsIrsa(role_arn=5), "role_arn: int is no text."),  # type: ignore[arg-type]
    "read-only text": (lambda ns, _: AwsIrsa(read_only="no way"), "read_only: str is of the wrong type."),  # type: ignore[arg-type]
    "protocol number": (service(protocol_version=2), "protocol_version: int is no text."),
    "format number": (service(model_format=5), "model_format: int is no text."),
    "format version number": (service(model_format_version=5), "model_format_version: int is no text."),
    "replicas output": (service(min_replicas=later(1)), "min_replicas: is an output"),
    "service labels": (service(labels="x"), "labels: str is no mapping."),
    "resources mapping": (service(resources={"cpu": 4}), "resources: dict is not Resources."),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_type_is_a_problem_of_its_argument(case: str, model_folder: Path) -> None:
    declaration, said = WRONG[case]

    def program() -> None:
        declaration(StorageNamespace("models", backend=AwsS3(bucket="team-models")), str(model_folder))

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert said in str(refused.value)


def test_all_wrong_types_of_a_program_are_reported_at_once(model_folder: Path) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        for declaration, _ in WRONG.values():
            declaration(namespace, str(model_folder))

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    text = str(refused.value)
    assert [said for _, said in WRONG.values() if said not in text] == []


def test_what_uses_refused_settings_or_tags_is_not_declared(model_folder: Path) -> None:
    refused = []

    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket=None))  # type: ignore[arg-type]
        good = StorageNamespace("good", backend=S3Compatible(bucket="team-models", endpoint="http://h:1"))
        model = ModelArtifact("llama", namespace=good, source=model_folder)
        keys = AccessKeyPair("reader", namespace=good, keys=[ExistingKey("id", "secret")])
        reader = good.kserve_credentials("reader", keys=keys)
        served = GpuInferenceService("llama", model=model.at("latest"), credentials=reader)
        fed = GpuInferenceService("fed", model="pvc://claim", gpu=Gpu(count="x"))  # type: ignore[arg-type]
        refused.extend([namespace.refused, served.refused, fed.refused, good.refused])

    with pytest.raises(InvalidArguments):
        declare(program)
    assert refused == [True, True, True, False]


def test_secrets_in_the_wrong_place_are_not_repeated() -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        S3Compatible(bucket="b", endpoint="http://h:1", verify_tls="hidden-secret")  # type: ignore[arg-type]
        AccessKeyPair("reader", namespace=namespace, keys="id:hidden-secret")  # type: ignore[arg-type]

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert "hidden-secret" not in str(refused.value)


def test_problems_can_be_sent_to_an_engine_whatever_a_path_holds() -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        ModelArtifact("llama", namespace=namespace, source="no\udcffwhere")

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert "no\\udcffwhere" in str(refused.value).encode("utf-8").decode("utf-8")


def test_a_number_is_a_quantity() -> None:
    assert Resources(cpu=4).manifest(gpu=None, model_bytes=None)["requests"]["cpu"] == "4"  # type: ignore[arg-type]


def test_wrong_configuration_is_reported_beside_what_came_before() -> None:
    def program() -> None:
        StorageNamespace("", backend=AwsS3(bucket="team-models"))
        backend_from_config({"kind": "aws-s3"})

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert "name: is empty" in str(refused.value)
    assert "bucket: is missing" in str(refused.value)


def test_a_wrong_uri_of_another_resource_is_refused_when_it_is_known() -> None:
    with pytest.raises(InvalidArguments, match="ftp://models"):
        declare(lambda: GpuInferenceService("llama", model=later("ftp://models")) and None)


def test_a_wrong_endpoint_of_another_resource_is_left_to_the_providers_check() -> None:
    def program() -> None:
        StorageNamespace("models", backend=S3Compatible(bucket="team-models", endpoint=later("minio:9000")))

    connection = declare(program).resources["models-bucket"].inputs["connection"]
    failures = BucketProvider().check({}, {"connection": connection, "bucket": "team-models"}).failures
    assert [failure.property for failure in failures] == ["connection.endpoint"]


def test_the_scheme_of_an_endpoint_counts_in_either_case() -> None:
    key = IssuedKey("id", "secret")
    assert s3_secret(key, endpoint="HTTP://h:1", region="r").annotations["serving.kserve.io/s3-usehttps"] == "0"
