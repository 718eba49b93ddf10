"""`AwsS3` beyond its bucket: the access log, and how a private endpoint is spoken to."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AccessLog,
    AwsS3,
    InvalidArguments,
    ObjectStore,
    StorageNamespace,
)
from unit.components.declared import Declared, declare


def _declared(audit: AccessLog | None = None, *, adopt: bool = False, **settings: Any) -> Declared:
    def program() -> None:
        backend = AwsS3(bucket="team-models", region="eu-west-1", **settings)
        namespace = StorageNamespace("models", backend=backend, audit=audit, adopt=adopt)
        keys = AccessKeyPair("reader", namespace=namespace)
        namespace.kserve_credentials("kserve", keys=keys)

    return declare(program)


def _problems(audit: AccessLog | None = None, *, adopt: bool = False, **settings: Any) -> list[str]:
    with pytest.raises(InvalidArguments) as refused:
        _declared(audit, adopt=adopt, **settings)
    return [str(problem) for problem in refused.value.problems]


def test_an_access_log_in_another_bucket() -> None:
    log = _declared(AccessLog(bucket="team-logs", prefix="models/"))["models-access-log"]
    assert log.type == "aws:s3/bucketLogging:BucketLogging"
    assert log.parent == "models"
    assert log.dependencies == ["models-bucket"]
    assert log.request.retainOnDelete
    assert log.inputs == {
        "bucket": "team-models",
        "region": "eu-west-1",
        "targetBucket": "team-logs",
        "targetPrefix": "models/",
    }


def test_a_log_bucket_of_the_same_stack_comes_first() -> None:
    import pulumi_aws as aws

    def program() -> None:
        logs = aws.s3.Bucket("logs", bucket="team-logs")
        policy = aws.s3.BucketPolicy("delivery", bucket=logs.bucket, policy="{}")
        backend = AwsS3(bucket="team-models")
        StorageNamespace("models", backend=backend, audit=AccessLog(bucket=policy.bucket))

    log = declare(program)["models-access-log"]
    assert log.inputs["targetBucket"] == "team-logs"
    assert log.input_dependencies["targetBucket"] == ["delivery"]


def test_without_audit_there_is_no_log() -> None:
    assert "models-access-log" not in _declared().resources


def test_a_log_in_the_bucket_itself() -> None:
    (found,) = _problems(AccessLog(bucket="team-models"))
    assert found.startswith('audit.bucket: "team-models" is the bucket whose log it is.')


def test_a_log_of_an_adopted_bucket() -> None:
    (found,) = _problems(AccessLog(bucket="team-logs"), adopt=True)
    assert found == "audit: is set together with adopt=True. Leave one of them out: an adopted bucket is not changed."


def test_a_log_bucket_by_no_name_of_s3() -> None:
    (found,) = _problems(AccessLog(bucket="Team_Logs"))
    assert found.startswith("audit.bucket: ")


@pytest.mark.parametrize(
    ("settings", "connection", "annotations"),
    [
        ({}, {}, {"s3-endpoint": "s3.eu-west-1.amazonaws.com"}),
        (
            {"ca_bundle": "/etc/proxy.pem", "ca_bundle_configmap": "proxy-ca"},
            {"caBundle": "/etc/proxy.pem"},
            {"s3-endpoint": "s3.eu-west-1.amazonaws.com", "s3-cabundle-configmap": "proxy-ca"},
        ),
        (
            {"endpoint": "https://s3.lab:8443", "verify_tls": False, "addressing": "virtual"},
            {"endpoint": "https://s3.lab:8443", "verifyTls": False, "addressing": "virtual"},
            {"s3-endpoint": "s3.lab:8443", "s3-verifyssl": "0", "s3-usevirtualbucket": "true"},
        ),
        (
            {"endpoint": "https://s3.lab:8443", "checksums": "when_required"},
            {"endpoint": "https://s3.lab:8443", "checksums": "when_required"},
            {"s3-endpoint": "s3.lab:8443"},
        ),
    ],
    ids=["region", "ca", "unverified", "checksums"],
)
def test_how_the_endpoint_is_spoken_to(
    settings: dict[str, Any], connection: dict[str, Any], annotations: dict[str, str]
) -> None:
    declared = _declared(**settings)
    plain = {"region": "eu-west-1", "verifyTls": True, "credentials": "default"}
    assert declared["reader-ready"].inputs["connection"] == plain | connection
    expected = {"s3-usehttps": "1", "s3-region": "eu-west-1"} | annotations
    assert declared["kserve-secret"].inputs["metadata"]["annotations"] == {
        f"serving.kserve.io/{key}": value for key, value in expected.items()
    }


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"verify_tls": False}, "backend.verify_tls: is false without an endpoint of your own."),
        (
            {"verify_tls": False, "endpoint": "https://s3.lab", "ca_bundle": "/etc/lab.pem"},
            "backend.verify_tls: is false although a CA bundle is given to verify with.",
        ),
        ({"ca_bundle_configmap": "Lab CA"}, 'backend.ca_bundle_configmap: "Lab CA" is no name that Kubernetes takes.'),
    ],
)
def test_bad_settings(settings: dict[str, Any], problem: str) -> None:
    (found,) = _problems(**settings)
    assert found.startswith(problem)


def test_an_endpoint_of_another_resource() -> None:
    declared = _declared(endpoint=pulumi.Output.from_input("https://s3.lab/"))
    assert declared["reader-ready"].inputs["connection"]["endpoint"] == "https://s3.lab"


def test_public_prefixes_are_statements_and_open_nothing_but_policies() -> None:
    declared = _declared(public_prefixes=("objects/site/", "downloads"), prefix="team")
    block = declared["models-public-access"].inputs
    assert {name for name, on in block.items() if on is True} == {"blockPublicAcls", "ignorePublicAcls"}
    tls, *public = json.loads(declared["models-tls"].inputs["policy"])["Statement"]
    assert tls["Sid"] == "DenyWithoutTls"
    assert [(one["Effect"], one["Principal"], one["Action"], one["Resource"]) for one in public] == [
        ("Allow", "*", ["s3:GetObject"], ["arn:aws:s3:::team-models/team/objects/site/*"]),
        ("Allow", "*", ["s3:GetObject"], ["arn:aws:s3:::team-models/team/downloads/*"]),
    ]
    assert all(one["Sid"].isalnum() for one in public)
    assert len({one["Sid"] for one in public}) == 2
    assert not declared["models-tls"].request.retainOnDelete, "nothing stays public when the stack is gone"
    assert declared["models-public-access"].request.retainOnDelete


@pytest.mark.parametrize("prefix", ["", "/", "models", "models/llama", "/models/", "*", "a/*", "${aws:username}", "?"])
def test_no_public_prefix_covers_models_or_is_a_pattern(prefix: str) -> None:
    (found,) = _problems(public_prefixes=("objects", prefix))
    assert found.startswith("backend.public_prefixes[1]: ")


def test_nothing_is_opened_in_an_adopted_bucket() -> None:
    (found,) = _problems(adopt=True, public_prefixes=("objects",))
    assert found.startswith("backend.public_prefixes: are given together with adopt=True. Leave them out")


def test_public_objects_are_where_the_bucket_is_public() -> None:
    def program(*prefixes: str) -> None:
        namespace = StorageNamespace("apps", backend=AwsS3(bucket="acme-apps", public_prefixes=("objects", "a/b")))
        keys = AccessKeyPair("keys", namespace=namespace)
        for number, prefix in enumerate(prefixes):
            ObjectStore(f"store-{number}", access="public", namespace=namespace, keys=keys, prefix=prefix)

    declared = declare(lambda: program("objects", "objects/site", "a/b/"))
    assert not [name for name in declared.resources if name.endswith("-public")]
    with pytest.raises(InvalidArguments) as refused:
        declare(lambda: program("object", "objects2", "a", "b", "a/bc", "models"))
    said = [str(problem) for problem in refused.value.problems]
    assert [part for part in said if part.startswith("access: ")] == [
        f'access: is public, and the bucket is closed to the public at "{path}". Give the backend '
        f'public_prefixes=["{path}"], or use access="private" and URLs that end.'
        for path in ("object", "objects2", "a", "b", "a/bc")
    ]
    assert [part for part in said if part.startswith("prefix: ")] == [
        'prefix: "models" is where models are. Give it another part, such as objects/site.'
    ]
