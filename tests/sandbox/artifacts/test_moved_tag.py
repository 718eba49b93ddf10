"""Tags of a program's own artifact: what a preview shows where one moves, and where another version comes."""

from __future__ import annotations

from pathlib import Path

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
versions, stable = os.environ["VERSIONS"].split(), os.environ["STABLE"]
tags = {{"latest": "v" + versions[-1], "live": "stable", "stable": stable}}
earlier = ["v1"] if len(versions) > 1 else []
version = "v" + versions[-1]
tiny = ModelArtifact("tiny", namespace=models, source="weights", version=version, tags=tags, earlier_versions=earlier)
for tag in tags:
    GpuInferenceService(tag, model=tiny.at(tag), credentials=credentials, runtime="kserve-vllmserver")
"""


def test_a_moved_tag_is_one_line_and_the_uri_of_each_service_that_follows_it(
    tmp_path: Path, versitygw: VersityGateway, bucket: str, writer: dict[str, str]
) -> None:
    program = PROGRAM.format(bucket=bucket, endpoint=versitygw.endpoint)
    checkout = Checkout.of_program(tmp_path / "checkout", "tagging", program, writer)
    (checkout.folder / "weights").mkdir()
    (checkout.folder / "weights" / "config.json").write_text("{}")
    checkout.run("up", VERSIONS="1", STABLE="v1")
    was, now = (f'"s3://{bucket}/models/tiny/{version}/"' for version in ("v1", "v2"))
    moved = f"~ spec.predictor.model.storageUri: {was} => {now}"

    (checkout.folder / "weights" / "config.json").write_text("{ }")
    assert changes(checkout, VERSIONS="1 2", STABLE="v1") == {
        "tiny-upload": ["files", "version"],
        "tiny-tag-latest": ['~ target: "v1" => "v2"'],
        "latest-service": [moved],
    }
    checkout.run("up", VERSIONS="1 2", STABLE="v1")
    assert changes(checkout, VERSIONS="1 2", STABLE="v2") == {
        "tiny-tag-stable": ['~ target: "v1" => "v2"'],
        "live-service": [moved],
        "stable-service": [moved],
    }


def changes(checkout: Checkout, **environment: str) -> dict[str, list[str]]:
    """The lines of each resource that a preview changes; of the upload no more than what they are about."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in checkout.run("preview", **environment).stdout.partition("Messages:")[0].splitlines():
        words = line.split()
        if words[:1] == ["~"] and words[-1] == "update":
            name = words[-2]
            found[name] = []
        elif words[:1] and words[0] in ("~", "+", "-") and name:
            found[name].append(words[1].partition("[")[0].rstrip(":") if name == "tiny-upload" else line.strip())
    return found
