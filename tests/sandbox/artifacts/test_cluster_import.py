"""`via="cluster"`: the Job that is declared brings the version in, and the stack adopts it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pod.job_start import JobPod
from sandbox.artifacts.checkout import Checkout, store_key
from servers.versitygw import VersityGateway
from standins.huggingface import Hub

PROGRAM = """
import os
import pulumi
from pulumi_modelstore import (
    AccessKey, BucketFolder, ExistingKey, HuggingFaceRepository, ImportJob, ModelArtifact, S3Compatible, SecretKey,
    SecretKeyPair, StorageNamespace
)

def store(bucket, credentials):
    return S3Compatible(bucket=bucket, endpoint="{endpoint}", credentials=credentials)

models = StorageNamespace("models", backend=store("{bucket}", "env:STORE"), adopt=True)
secret = pulumi.Output.secret(os.environ["STORE_SECRET_ACCESS_KEY"])
writer = AccessKey("writer", namespace=models, key=ExistingKey(os.environ["STORE_ACCESS_KEY_ID"], secret))
ModelArtifact(
    "tiny",
    namespace=models,
    source=[
        HuggingFaceRepository(repo="org/tokenizer", endpoint="{hub}", token="env:HUB_TOKEN"),
        BucketFolder(backend=store("{other}", "env:OTHER"), path="weights/"),
    ],
    tags=["latest"],
    via="cluster",
    job=ImportJob(
        keys=writer,
        kubernetes_namespace="imports",
        tokens={{"env:HUB_TOKEN": SecretKey(secret="hub", key="token")}},
        key_pairs={{"env:OTHER": SecretKeyPair(secret="other", access_key_id="id", secret_access_key="secret")}},
    ),
)
"""
TOKEN = "hf_a_token_that_nobody_may_see"
WEIGHTS = b"\5" * (20 << 20)


@pytest.fixture
def checkout(tmp_path: Path, versitygw: VersityGateway, bucket: str, writer: dict[str, str], hub: Hub) -> Checkout:
    client = versitygw.client()
    client.create_bucket(Bucket=f"{bucket}-other")
    client.put_object(Bucket=f"{bucket}-other", Key="weights/model.safetensors", Body=WEIGHTS)
    other = store_key(versitygw, f"{bucket}-other", write=False)
    hub.repositories["org/tokenizer"].readers = frozenset({TOKEN})
    keys = {f"OTHER_{name.removeprefix('STORE_')}": value for name, value in other.items()}
    places = {"bucket": bucket, "other": f"{bucket}-other", "endpoint": versitygw.endpoint, "hub": hub.endpoint}
    program = PROGRAM.format(**places)
    return Checkout.of_program(tmp_path / "checkout", "imports", program, writer | keys | {"HUB_TOKEN": TOKEN})


def test_the_job_brings_the_version_and_the_stack_adopts_it(
    checkout: Checkout, tmp_path: Path, versitygw: VersityGateway, bucket: str
) -> None:
    planned = checkout.run("preview").stdout
    assert "model.safetensors" in planned
    assert re.search(r"\+ +kubernetes:batch/v1:Job tiny-import-job create", planned)

    # The sandbox has no pods: what the Job would bring is missed, and the remedy names its log.
    said = checkout.said("up")
    assert "Read the log of the Job that imports it, or run where the files are" in said
    given = checkout.environment
    secrets = {
        "hub": {"token": TOKEN},
        "other": {"id": given["OTHER_ACCESS_KEY_ID"], "secret": given["OTHER_SECRET_ACCESS_KEY"]},
    }
    pod = JobPod.of_manifests(checkout.manifests, tmp_path / "pod", secrets=secrets)
    code, log = pod.run()
    assert code == 0, log
    word = json.loads(pod.last_word.read_text())
    assert (word["status"], word["files"]) == ("done", 3)
    assert word["sent"] == word["bytes"] > len(WEIGHTS)
    assert "uploading 100% of" in log
    code, log = pod.run()
    assert code == 0, log
    assert json.loads(pod.last_word.read_text())["sent"] == 0

    deployed = checkout.run("up").stdout
    assert "in the store already" in deployed
    checkout.run("up", "--expect-no-changes")
    body = versitygw.client().get_object(Bucket=bucket, Key=f"models/tiny/{word['version']}/model.safetensors")["Body"]
    assert body.read() == WEIGHTS
    assert versitygw.client().get_object(Bucket=bucket, Key="models/tiny/tags/latest")["Body"].read()

    everything = [
        checkout.run("export").stdout,
        log,
        planned,
        said,
        pod.last_word.read_text(),
        checkout.lock.read_text(),
    ]
    everything += [json.dumps(item) for item in checkout.manifests if item["kind"] != "Secret"]
    for secret in (TOKEN, given["STORE_SECRET_ACCESS_KEY"], given["OTHER_SECRET_ACCESS_KEY"]):
        assert not [text for text in everything if secret in text]


def test_a_changed_request_is_another_job(checkout: Checkout, hub: Hub) -> None:
    checkout.said("up")
    (before,) = [item["metadata"]["name"] for item in checkout.manifests if item["kind"] == "Job"]
    hub.repositories["org/tokenizer"].push({"tokenizer.json": b'{"new": 1}'})
    assert "batch/v1:Job" not in checkout.run("preview").stdout
    planned = json.loads(checkout.run("preview", "--json", MODELSTORE_REFRESH_LOCK="1").stdout)
    replaced = {step["urn"].rpartition("::")[2] for step in planned["steps"] if step["op"] == "replace"}
    assert replaced == {"tiny-import-job", "tiny-import-request"}
    assert before.startswith("tiny-import-")
    assert len(before) == len("tiny-import-") + 10
