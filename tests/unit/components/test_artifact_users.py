"""What of a stack's state uses a version of a model."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modelstore.cli.artifacts.users import keep_versions_in, users_in

PREFIX = "team/models/llama/"


def resource(inputs: dict[str, Any], kind: str = "kubernetes:batch/v1:Job", *, custom: bool = True) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::p::{kind}::it", "type": kind, "custom": custom, "inputs": inputs}


USED = {
    "S3": "s3://bucket/team/models/llama/v1/",
    "S3 without the slash": "s3://bucket/team/models/llama/v1",
    "a file in it": "gs://bucket/team/models/llama/v1/sub/w.bin",
    "Azure": "https://account.blob.core.windows.net/bucket/team/models/llama/v1/",
    "the bucket as host": "https://bucket.s3.eu-central-1.amazonaws.com/team/models/llama/v1/",
    "path of an endpoint": "https://minio.example:9000/bucket/team/models/llama/v1/",
    "within a command": "serve --model=s3://bucket/team/models/llama/v1 --port 80",
    "the key alone": "team/models/llama/v1",
    "in JSON": '{"uri": "s3://bucket/team/models/llama/v1/"}',
}
UNUSED = {
    "another bucket": "s3://other/team/models/llama/v1/",
    "a bucket that ends alike": "s3://my-bucket/team/models/llama/v1/",
    "another bucket as host": "https://my-bucket.s3.amazonaws.com/team/models/llama/v1/",
    "another model": "s3://bucket/team/models/llama-chat/v1/",
    "deeper": "s3://bucket/x/team/models/llama/v1/",
    "the model's folder": "s3://bucket/team/models/llama/",
}


@pytest.mark.parametrize("text", USED.values(), ids=USED)
def test_users(text: str) -> None:
    deep = {"spec": {"containers": [{"args": ["x", text]}]}}
    assert users_in([resource(deep), resource({"a": text})], "bucket", PREFIX) == {"v1": ["Job/it"]}


@pytest.mark.parametrize("text", UNUSED.values(), ids=UNUSED)
def test_others(text: str) -> None:
    assert users_in([resource({"a": text})], "bucket", PREFIX) == {}


def test_versions_that_begin_alike() -> None:
    found = users_in([resource({"a": "s3://bucket/team/models/llama/v1.0/"})], "bucket", PREFIX)
    assert found == {"v1.0": ["Job/it"]}


def test_the_stacks_own_artifact() -> None:
    kind = "pulumi-python:dynamic/modelstore:ArtifactUpload"
    inputs = {"bucket": "bucket", "modelPrefix": PREFIX, "version": "v2", "source": "team/models/llama/v1"}
    own = resource(inputs | {"keepVersions": 3.0}, kind)
    assert users_in([own], "bucket", PREFIX) == {"v2": ["ModelArtifact/it"]}
    assert users_in([own], "other", PREFIX) == {}
    assert keep_versions_in([own], "bucket", PREFIX) == 3
    assert keep_versions_in([resource(inputs, kind)], "bucket", PREFIX) is None


def test_components_only_tell_of_their_children() -> None:
    component = resource({"uri": "s3://bucket/team/models/llama/v1/"}, "modelstore:index:Service", custom=False)
    assert users_in([component], "bucket", PREFIX) == {}
