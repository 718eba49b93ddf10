"""What each resource takes for a difference, and what for a reason to replace."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.dynamic import DiffResult
from pulumi.output import Unknown

from pulumi_modelstore_provider.resources.access_key_ready import AccessKeyReadyProvider
from pulumi_modelstore_provider.resources.artifact_tag import ArtifactTagProvider
from pulumi_modelstore_provider.resources.artifact_upload import ArtifactUploadProvider
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from pulumi_modelstore_provider.resources.claim_size import ClaimSizeProvider
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.rotation_guard import RotationGuardProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider

DIGEST, OTHER = "sha256:" + "0" * 64, "sha256:" + "1" * 64
CONNECTION: dict[str, Any] = {"endpoint": "http://s3.example.org:9000", "region": "us-east-1", "credentials": "env:X"}
UPLOAD: dict[str, Any] = {
    "__provider": "old",
    "connection": CONNECTION,
    "bucket": "models",
    "modelPrefix": "models/llama/",
    "version": "v1",
    "files": {"a": f"{DIGEST} (2 B)"},
    "source": "model",
    "onDelete": "retain",
    "urn": "urn:old",
    "manifestDigest": DIGEST,
}
TAG = {"connection": CONNECTION, "bucket": "models", "modelPrefix": "models/m/", "tag": "latest", "target": "v1"}
KEY = {
    "connection": CONNECTION,
    "bucket": "models",
    "prefix": "",
    "accessKeyId": "id",
    "secretAccessKey": "secret-of-a-diff",
}


def upload(**changes: Any) -> DiffResult:
    news = {name: value for name, value in UPLOAD.items() if name != "manifestDigest"} | changes
    return ArtifactUploadProvider().diff("id", UPLOAD, news)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"__provider": "new"},
        {"source": "elsewhere"},
        {"urn": "urn:new"},
        {"files": {"a": f"{DIGEST} (2.0 B)"}},
        {"connection": CONNECTION | {"verifyTls": True}},
        {"connection": CONNECTION | {"endpoint": "http://s3.example.org:9000/", "caBundle": None}},
        {"transfer": {"concurrency": 2}},
    ],
)
def test_no_difference_in_meaning(changes: dict[str, Any]) -> None:
    result = upload(**changes)
    assert (result.changes, result.replaces) == (False, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "v2"},
        {"version": Unknown()},
        {"files": {"a": f"{OTHER} (2 B)"}},
        {"files": {"b": f"{DIGEST} (2 B)"}},
        {"files": {"tree": DIGEST, "files": "300", "bytes": "1"}},
        {"files": {"a": Unknown()}},
        {"files": Unknown()},
        {"onDelete": "purge"},
        {"keepVersions": 3},
        {"connection": CONNECTION | {"credentials": "env:Y"}},
        {"connection": CONNECTION | {"verifyTls": False}},
    ],
)
def test_updates_in_place(changes: dict[str, Any]) -> None:
    result = upload(**changes)
    assert (result.changes, result.replaces) == (True, [])


@pytest.mark.parametrize(
    ("changes", "replaces"),
    [
        ({"bucket": "other"}, ["bucket"]),
        ({"bucket": Unknown()}, ["bucket"]),
        ({"modelPrefix": "models/other/"}, ["modelPrefix"]),
        ({"connection": CONNECTION | {"endpoint": "http://elsewhere"}}, ["connection"]),
        ({"connection": Unknown()}, ["connection"]),
        ({"connection": CONNECTION | {"endpoint": None}, "bucket": "other"}, ["bucket", "connection"]),
    ],
)
def test_identity_replaces(changes: dict[str, Any], replaces: list[str]) -> None:
    result = upload(**changes)
    assert (result.changes, result.replaces, result.delete_before_replace) == (True, replaces, False)


def test_purged_before_it_may_be_adopted_under_another_address() -> None:
    news = UPLOAD | {"connection": CONNECTION | {"endpoint": "http://same-store-other-name"}}
    assert ArtifactUploadProvider().diff("id", UPLOAD | {"onDelete": "purge"}, news).delete_before_replace
    moved = news | {"bucket": "other"}
    assert not ArtifactUploadProvider().diff("id", UPLOAD | {"onDelete": "purge"}, moved).delete_before_replace


def test_addresses_of_aws_are_one() -> None:
    olds = UPLOAD | {"connection": {"region": "eu-west-1"}}
    news = UPLOAD | {"connection": {"region": "eu-west-1", "endpoint": "https://s3.eu-west-1.amazonaws.com"}}
    result = ArtifactUploadProvider().diff("id", olds, news)
    assert (result.changes, result.replaces) == (True, [])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (False, [])),
        ({"target": "v2"}, (True, [])),
        ({"tag": "stable"}, (True, ["tag"])),
        ({"modelPrefix": "models/n/"}, (True, ["modelPrefix"])),
        ({"connection": CONNECTION | {"credentials": "default"}}, (True, [])),
    ],
)
def test_tags(changes: dict[str, Any], expected: tuple[bool, list[str]]) -> None:
    result = ArtifactTagProvider().diff("id", TAG, TAG | changes)
    assert (result.changes, result.replaces) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (False, [])),
        ({"adopt": True}, (True, [])),
        ({"bucket": "other"}, (True, ["bucket"])),
        ({"connection": CONNECTION | {"endpoint": "http://elsewhere"}}, (True, ["connection"])),
    ],
)
def test_buckets(changes: dict[str, Any], expected: tuple[bool, list[str]]) -> None:
    olds = {"connection": CONNECTION, "bucket": "models", "adopt": False}
    result = BucketProvider().diff("id", olds, olds | changes)
    assert (result.changes, result.replaces) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, False), ({"accessKeyId": "new"}, True), ({"secretAccessKey": Unknown()}, True), ({"prefix": "a"}, True)],
)
def test_key_trials_never_replace(changes: dict[str, Any], expected: bool) -> None:
    result = AccessKeyReadyProvider().diff("id", KEY, KEY | changes)
    assert (result.changes, result.replaces) == (expected, [])


def test_guard_compares_numbers_not_their_types() -> None:
    guard = RotationGuardProvider()
    assert guard.diff("id", {"rotation": 1.0, "overlap": True}, {"rotation": 1, "overlap": True}).changes is False
    assert guard.diff("id", {"rotation": 1.0, "overlap": True}, {"rotation": 2.0, "overlap": True}).changes is True
    assert guard.create({"rotation": 2.0, "overlap": True, "__provider": "x"}).outs == {"rotation": 2, "overlap": True}
    assert guard.update("id", {}, {"rotation": 3.0, "overlap": False}).outs == {"rotation": 3, "overlap": False}


def test_the_size_of_a_claim_is_compared_as_a_number() -> None:
    size = ClaimSizeProvider()
    inputs = {"claim": "llm/llama", "storageClass": "", "size": "1Ki", "bytes": 1024}
    assert size.diff("id", inputs | {"bytes": 1024.0}, inputs).changes is False
    assert size.diff("id", inputs, inputs | {"fixedBy": "FSx for Lustre"}).changes is True
    assert size.diff("id", inputs, inputs | {"size": "2Ki", "bytes": 2048}).replaces == []
    assert size.create(inputs | {"__provider": "x"}).outs == inputs
    assert size.update("id", {}, inputs | {"bytes": 2048.0}).outs == inputs | {"bytes": 2048}
    assert size.read("id", inputs).outs == inputs


ISSUER: dict[str, Any] = {"kind": "minio", "endpoint": "http://s3.example.org:9000", "credentials": "env:X"}
PRINCIPAL: dict[str, Any] = {"issuer": ISSUER, "principalName": "reader", "bucket": "models", "prefix": ""}
ISSUED: dict[str, Any] = {
    "issuer": ISSUER,
    "principal": "reader@models",
    "bucket": "models",
    "prefix": "",
    "readOnly": True,
    "slot": "even",
    "generation": 2.0,
    "accessKeyId": "id",
    "secretAccessKey": "secret-of-a-diff",
}


@pytest.mark.parametrize(
    ("changes", "differs", "replaces"),
    [
        ({}, False, []),
        ({"namespace": "models", "__provider": "new"}, False, []),
        ({"prefix": "team"}, True, []),
        ({"readOnly": True}, True, []),
        ({"issuer": ISSUER | {"credentials": "env:Y"}}, True, []),
        ({"bucket": "others"}, True, ["bucket"]),
        ({"principalName": "writer"}, True, ["principalName"]),
        ({"issuer": ISSUER | {"endpoint": "http://other.example.org:9000"}}, True, ["issuer"]),
        ({"issuer": ISSUER | {"endpoint": Unknown()}}, True, ["issuer"]),
    ],
)
def test_a_principal_is_replaced_for_its_identity_only(
    changes: dict[str, Any], differs: bool, replaces: list[str]
) -> None:
    found = PrincipalProvider().diff("id", PRINCIPAL | {"principal": "reader@models"}, PRINCIPAL | changes)
    # Its successor may have the same id, by another address of the same store.
    assert (found.changes, found.replaces, found.delete_before_replace) == (differs, replaces, True)


@pytest.mark.parametrize(
    ("changes", "differs", "replaces"),
    [
        ({"generation": 2}, False, []),
        ({"generation": 4}, True, ["generation"]),
        ({"slot": "odd"}, True, ["slot"]),
        ({"prefix": "team", "readOnly": False}, False, []),
        ({"issuer": ISSUER | {"endpoint": "HTTP://S3.example.org:9000/", "verifyTls": True}}, False, []),
        ({"issuer": ISSUER | {"credentials": "env:Y"}}, True, []),
        ({"issuer": ISSUER | {"endpoint": "http://other.example.org:9000"}}, True, ["issuer"]),
        ({"principal": "other@models"}, True, ["principal"]),
        # The principal is to be updated, and so unknown at preview.
        ({"principal": Unknown(), "prefix": "team", "readOnly": False}, False, []),
        ({"principal": Unknown(), "issuer": ISSUER | {"credentials": "env:Y"}}, True, []),
        ({"principal": Unknown(), "bucket": "others"}, True, ["principal"]),
        ({"principal": Unknown(), "issuer": Unknown()}, True, ["principal", "issuer"]),
    ],
)
def test_an_issued_key_is_replaced_for_another_generation_before_its_successor_comes(
    changes: dict[str, Any], differs: bool, replaces: list[str]
) -> None:
    news = {name: value for name, value in ISSUED.items() if name not in ("accessKeyId", "secretAccessKey")} | changes
    found = StoreAccessKeyProvider().diff("id", ISSUED, news)
    assert (found.changes, found.replaces, found.delete_before_replace) == (differs, replaces, True)


def test_an_issued_key_is_replaced_where_its_scope_makes_the_principal() -> None:
    weka = {"kind": "weka-s3", "api": "https://weka01:14000", "credentials": "env:X"}
    olds = ISSUED | {"issuer": weka}
    found = StoreAccessKeyProvider().diff("id", olds, olds | {"principal": Unknown(), "prefix": "team"})
    assert (found.changes, found.replaces) == (True, ["principal"])
    found = StoreAccessKeyProvider().diff("id", olds, olds | {"principal": Unknown()})
    assert (found.changes, found.replaces) == (False, [])


def test_an_issued_key_stays_when_the_way_to_the_store_changes() -> None:
    news = ISSUED | {"issuer": ISSUER | {"credentials": "env:Y"}}
    outs = StoreAccessKeyProvider().update("id", ISSUED, news).outs
    assert outs is not None
    assert (outs["accessKeyId"], outs["secretAccessKey"]) == ("id", "secret-of-a-diff")
    assert outs["issuer"]["credentials"] == "env:Y"
