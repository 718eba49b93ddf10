"""`on_delete="purge"`: the services that read a version go before its files do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provider.recording_proxy import Exchange, recording_proxy
from sandbox.artifacts.checkout import Checkout
from servers.versitygw import VersityGateway

PROGRAM = """
import os
import pulumi
from pulumi_modelstore import AccessKey, ExistingKey, GpuInferenceService, ModelArtifact, S3Compatible, StorageNamespace

store = S3Compatible(bucket="{bucket}", endpoint="{endpoint}", credentials="env:STORE")
models = StorageNamespace("models", backend=store, adopt=True)
secret = pulumi.Output.secret(os.environ["STORE_SECRET_ACCESS_KEY"])
reader = AccessKey("reader", namespace=models, key=ExistingKey(os.environ["STORE_ACCESS_KEY_ID"], secret))
credentials = models.kserve_credentials("chat-keys", keys=reader, kubernetes_namespace="serving")
if os.environ.get("LEFT") != "nothing":
    tiny = ModelArtifact("tiny", namespace=models, source="weights", version="v1", tags=["latest"], on_delete="purge")
    GpuInferenceService("chat", model=tiny.at("latest"), credentials=credentials, runtime="kserve-vllmserver")
    GpuInferenceService("batch", model=tiny, credentials=credentials, runtime="kserve-vllmserver")
"""


@pytest.mark.parametrize("how", ["out of the program", "destroy"])
def test_services_go_before_the_files(
    tmp_path: Path, versitygw: VersityGateway, bucket: str, writer: dict[str, str], how: str
) -> None:
    with recording_proxy(versitygw.endpoint) as proxy:
        program = PROGRAM.format(bucket=bucket, endpoint=proxy.endpoint)
        checkout = Checkout.of_program(tmp_path / "checkout", "purging", program, writer)
        (checkout.folder / "weights").mkdir()
        (checkout.folder / "weights" / "config.json").write_text("{}")
        checkout.run("up")
        left: list[tuple[str, list[str]]] = []

        def look(exchange: Exchange) -> None:
            if exchange.method in ("POST", "DELETE"):
                kinds = [item["kind"] for item in checkout.manifests]
                left.append((exchange.body.decode(), [kind for kind in kinds if kind == "InferenceService"]))

        state = json.loads(checkout.run("export").stdout)
        (upload,) = [r for r in state["deployment"]["resources"] if r["type"].endswith(":ArtifactUpload")]
        services = [r for r in state["deployment"]["resources"] if r["type"].endswith(":InferenceService")]
        assert len(services) == 2
        assert all(upload["urn"] in service["dependencies"] for service in services)

        proxy.before = look
        if how == "destroy":
            checkout.run("destroy")
        else:
            checkout.run("up", LEFT="nothing")
    assert [services for _, services in left] == [[]] * len(left)
    assert "manifests/v1.json" in "".join(body for body, _ in left)
    assert "Contents" not in versitygw.client().list_objects_v2(Bucket=bucket)


def test_services_that_would_not_go_first_are_refused(
    tmp_path: Path, versitygw: VersityGateway, bucket: str, writer: dict[str, str]
) -> None:
    program = PROGRAM.format(bucket=bucket, endpoint=versitygw.endpoint).split("    GpuInferenceService")[0]
    checkout = Checkout.of_program(tmp_path / "checkout", "purging", program, writer)
    (checkout.folder / "weights").mkdir()
    (checkout.folder / "weights" / "config.json").write_text("{}")
    checkout.run("up")

    service = 'GpuInferenceService("{}", model={}, credentials=credentials, runtime="kserve-vllmserver")\n'
    looked_up = service.format("early", 'ModelArtifact.lookup(models, "tiny", "latest")')
    by_uri = service.format("late", "tiny.uri")
    condition = 'if os.environ.get("LEFT")'
    (checkout.folder / "__main__.py").write_text(program.replace(condition, looked_up + condition) + by_uri)
    told = checkout.said("preview")
    assert "2 invalid arguments" in told
    assert told.count('names the files of artifact "tiny" by their URI') == 2
    assert 'GpuInferenceService "early"' in told
    assert 'GpuInferenceService "late"' in told
