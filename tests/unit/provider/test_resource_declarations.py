"""The program's side of the resources: types, property names and secrets that an engine gets to see."""

from __future__ import annotations

import pickle
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from pulumi_modelstore_provider.resources.access_key_ready import AccessKeyReady
from pulumi_modelstore_provider.resources.artifact_tag import ArtifactTag
from pulumi_modelstore_provider.resources.artifact_upload import ArtifactUpload
from pulumi_modelstore_provider.resources.bucket import Bucket
from pulumi_modelstore_provider.resources.claim_size import ClaimSize
from pulumi_modelstore_provider.resources.key_limit import KeyLimit
from pulumi_modelstore_provider.resources.rotation_guard import RotationGuard
from pulumi_modelstore_provider.resources.volume_files import VolumeFiles
from pulumi_modelstore_provider.s3.connection import S3Connection

CONNECTION = S3Connection(endpoint="http://s3.example.org").to_inputs()


class Registered(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.secret_outputs: dict[str, list[str]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.inputs[args.typ] = args.inputs
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return {}


@pytest.fixture
def registered() -> Registered:
    found = Registered()

    class Monitor(mocks.MockMonitor):
        def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name in the monitor's protocol
            found.secret_outputs[request.type] = list(request.additionalSecretOutputs)
            return super().RegisterResource(request)

    mocks.set_mocks(found, project="project", stack="dev", preview=False, monitor=Monitor(found))
    return found


def test_types_are_those_of_users_states() -> None:
    classes = (ArtifactUpload, ArtifactTag, Bucket, AccessKeyReady, RotationGuard, KeyLimit, VolumeFiles, ClaimSize)
    names = {kind._resource_type_name for kind in classes}
    kinds = (
        "ArtifactUpload",
        "ArtifactTag",
        "Bucket",
        "AccessKeyReady",
        "RotationGuard",
        "KeyLimit",
        "VolumeFiles",
        "ClaimSize",
    )
    assert names == {f"dynamic/modelstore:{kind}" for kind in kinds}


def test_upload_knows_the_urn_that_it_will_have(registered: Registered) -> None:
    @pulumi.runtime.test
    def program() -> pulumi.Output[Any]:
        parent = pulumi.ComponentResource("modelstore:index:ModelArtifact", "model")
        upload = ArtifactUpload(
            "model-upload",
            connection=CONNECTION,
            bucket="models",
            model_prefix="models/m/",
            version="v1",
            files={"manifestDigest": "sha256:" + "0" * 64},
            opts=pulumi.ResourceOptions(parent=parent),
        )
        return upload.manifest_digest

    program()
    inputs = registered.inputs["pulumi-python:dynamic/modelstore:ArtifactUpload"]
    typed = "modelstore:index:ModelArtifact$pulumi-python:dynamic/modelstore:ArtifactUpload"
    assert inputs["urn"].startswith("urn:pulumi:dev::project::")
    assert inputs["urn"].endswith(f"{typed}::model-upload")
    assert inputs["modelPrefix"] == "models/m/"
    assert inputs["onDelete"] == "retain"
    # A file may have any name, that of a property as well.
    assert list(inputs["files"]) == ["manifestDigest"]


def test_key_is_secret_on_the_way_in_and_out(registered: Registered) -> None:
    secrecy: list[bool] = []

    @pulumi.runtime.test
    def program() -> pulumi.Output[Any]:
        ready = AccessKeyReady(
            "ready",
            connection=CONNECTION,
            bucket="models",
            prefix="",
            access_key_id="id",
            secret_access_key="plain-in-the-program",
        )

        async def look() -> None:
            secrecy.append(await ready.secret_access_key.is_secret())

        return pulumi.Output.from_input(look())

    program()
    kind = "pulumi-python:dynamic/modelstore:AccessKeyReady"
    assert secrecy == [True]
    assert registered.secret_outputs[kind] == ["secretAccessKey"]
    assert set(registered.inputs[kind]) >= {"accessKeyId", "secretAccessKey", "bucket", "prefix", "connection"}


def test_many_resources_leave_the_pickler_as_it_was(registered: Registered) -> None:
    before = vars(pickle)["_Pickler"]._batch_setitems

    @pulumi.runtime.test
    def program() -> pulumi.Output[Any]:
        tags = [
            ArtifactTag(
                f"t{number}", connection=CONNECTION, bucket="b", model_prefix="m/", tag=f"t{number}", target="v1"
            )
            for number in range(3)
        ]
        return tags[-1].urn

    program()
    assert "pulumi-python:dynamic/modelstore:ArtifactTag" in registered.inputs
    assert vars(pickle)["_Pickler"]._batch_setitems is before
