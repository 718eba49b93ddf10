"""A stack that serves a model of another stack, with a key that may only read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.artifacts.checkout import Checkout
from servers.versitygw import VersityGateway

OWNER = """
import pulumi
from pulumi_modelstore import ModelArtifact, S3Compatible, StorageNamespace
backend = S3Compatible(bucket="{bucket}", endpoint="{endpoint}", credentials="env:STORE")
models = StorageNamespace("models", backend=backend, adopt=True)
ModelArtifact("tiny", namespace=models, source="model", tags={{"latest": "stable", "stable": None}})
"""
CONSUMER = """
import pulumi
from pulumi_modelstore import Gpu, GpuInferenceService, ModelArtifact, S3Compatible, StorageNamespace
backend = S3Compatible(bucket="{bucket}", endpoint="{endpoint}", credentials="env:STORE")
models = StorageNamespace("models", backend=backend, adopt=True)
reference = ModelArtifact.lookup(models, "tiny", "latest")
GpuInferenceService("tiny", model=reference, service_account_name="reader", gpu=Gpu(memory="1Gi"))
pulumi.export("version", reference.version)
pulumi.export("bytes", reference.total_bytes)
"""


@pytest.fixture
def places(versitygw: VersityGateway, bucket: str) -> dict[str, str]:
    return {"bucket": bucket, "endpoint": versitygw.endpoint}


def test_service_follows_the_tag_of_another_stack(
    tmp_path: Path, places: dict[str, str], writer: dict[str, str], reader: dict[str, str]
) -> None:
    owner = Checkout.of_program(tmp_path / "owner", "owner", OWNER.format(**places), writer)
    (owner.folder / "model").mkdir()
    (owner.folder / "model/config.json").write_text("{}")
    consumer = Checkout.of_program(tmp_path / "consumer", "consumer", CONSUMER.format(**places), reader)
    assert "there is no model of that name" in consumer.said("preview")

    owner.run("up")
    consumer.run("up")
    (service,) = [item for item in consumer.manifests if item["kind"] == "InferenceService"]
    first = service["spec"]["predictor"]["model"]["storageUri"]
    consumer.run("up", "--expect-no-changes")

    (owner.folder / "model/config.json").write_text('{"edited": 1}')
    owner.run("up")
    planned = consumer.preview()
    (changed,) = [step for step in planned["steps"] if step["op"] == "update" and "tiny-service" in step["urn"]]
    assert list(changed["detailedDiff"]) == ["spec.predictor.model.storageUri"]
    consumer.run("up")
    (service,) = [item for item in consumer.manifests if item["kind"] == "InferenceService"]
    assert service["spec"]["predictor"]["model"]["storageUri"] != first

    program = consumer.folder / "__main__.py"
    edited = program.read_text().replace('"tiny", "latest"', '"tiny", "newest"')
    program.write_text(edited.replace("env:STORE", "env:NO"))
    said = consumer.said("preview")
    assert "NO_ACCESS_KEY_ID" in said
    program.write_text(edited)
    said = consumer.said("preview")
    assert "'newest' is neither a version nor a tag" in said
    assert "tags are latest, stable" in said


def test_arguments_that_cannot_be(tmp_path: Path, places: dict[str, str], reader: dict[str, str]) -> None:
    program = CONSUMER.format(**places).replace('models, "tiny", "latest"', 'models, "a/b", None')
    program += f"""
unknown = pulumi.Output.from_input("{places["bucket"]}").apply(lambda name: name)
backend = S3Compatible(bucket=unknown, endpoint="{places["endpoint"]}", credentials="env:STORE")
later = StorageNamespace("later", backend=backend, adopt=True)
ModelArtifact.lookup(later, "tiny", "latest")
ModelArtifact.lookup("models", "tiny", pulumi.Output.from_input("latest"))
"""
    said = Checkout.of_program(tmp_path / "wrong", "wrong", program, reader).said("preview")
    assert "model: a model name cannot hold a slash ('a/b')" in said
    assert "tag_or_version: is None" in said
    assert "namespace: is not known before the stack is deployed" in said
    assert "namespace: str is not a StorageNamespace" in said
    assert "tag_or_version: is an output, and a preview has to know its value" in said
