from __future__ import annotations

import json

import pulumi
import pytest

from pulumi_modelstore import AwsS3, InvalidArguments, S3Compatible, StorageNamespace
from unit.components.declared import declare


def test_bucket_is_declared_with_its_protection() -> None:
    declared = declare(
        lambda: (
            StorageNamespace("models", backend=AwsS3(bucket="team-models", region="eu-west-1"), description="LLMs")
            and None
        )
    )
    bucket = {"bucket": "team-models", "region": "eu-west-1"}
    assert declared.children("models") == [
        "models-bucket",
        "models-public-access",
        "models-encryption",
        "models-lifecycle",
        "models-tls",
    ]
    assert declared["models-bucket"].type == "aws:s3/bucket:Bucket"
    assert declared["models-bucket"].inputs == bucket
    assert declared["models-public-access"].inputs == bucket | {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert declared["models-encryption"].inputs == bucket | {
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    }
    assert declared["models-lifecycle"].inputs == bucket | {
        "rules": [
            {
                "id": "abort-stale-uploads",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            }
        ]
    }
    policy = json.loads(declared["models-tls"].inputs["policy"])
    assert policy["Statement"] == [
        {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::team-models", "arn:aws:s3:::team-models/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    assert declared["models"].outputs == {
        "name": "models",
        "description": "LLMs",
        "backend": "aws-s3",
        "bucket": "team-models",
        "region": "eu-west-1",
        "endpoint": "https://s3.eu-west-1.amazonaws.com",
        "prefix": "",
        "connection": {"region": "eu-west-1", "verifyTls": True, "credentials": "default"},
    }


def test_bucket_and_protection_outlive_the_stack() -> None:
    declared = declare(lambda: StorageNamespace("models", backend=AwsS3(bucket="team-models")) and None)
    assert all(declared[child].request.retainOnDelete for child in declared.children("models"))


def test_protection_follows_the_bucket_and_the_policy_follows_the_public_access_block() -> None:
    declared = declare(lambda: StorageNamespace("models", backend=AwsS3(bucket="team-models")) and None)
    for child in ("models-public-access", "models-encryption", "models-lifecycle"):
        assert declared[child].dependencies == ["models-bucket"]
    assert declared["models-tls"].dependencies == ["models-bucket", "models-public-access"]


def test_adopted_bucket_is_read_and_nothing_else() -> None:
    declared = declare(lambda: StorageNamespace("models", backend=AwsS3(bucket="team-models"), adopt=True) and None)
    assert declared.children("models") == ["models-bucket"]
    assert declared["models-bucket"].request.DESCRIPTOR.name == "ReadResourceRequest"
    assert declared["models-bucket"].request.id == "team-models"


def test_s3_compatible_bucket_is_the_providers_own() -> None:
    backend = S3Compatible(
        endpoint="https://s3.example.org:9000/", bucket="models", credentials="env:STORE", verify_tls=False
    )
    declared = declare(lambda: StorageNamespace("models", backend=backend, adopt=True) and None)
    assert declared["models-bucket"].type == "pulumi-python:dynamic/modelstore:Bucket"
    assert declared["models-bucket"].request.retainOnDelete
    assert declared["models-bucket"].inputs == {
        "connection": {
            "endpoint": "https://s3.example.org:9000",
            "region": "us-east-1",
            "addressing": "path",
            "verifyTls": False,
            "credentials": "env:STORE",
        },
        "bucket": "models",
        "adopt": True,
        "namespace": "models",
    }
    assert declared["models"].outputs["endpoint"] == "https://s3.example.org:9000"


def test_uri_is_plain_and_inside_the_prefix() -> None:
    found = []

    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models", prefix="team-a/"))
        found.append(namespace.uri("models/llama/v1/"))

    declare(program)
    assert found == ["s3://team-models/team-a/models/llama/v1/"]


def test_uri_of_a_bucket_that_another_resource_names_is_an_output() -> None:
    def program() -> None:
        bucket = pulumi.Output.from_input("made-elsewhere")
        namespace = StorageNamespace("models", backend=AwsS3(bucket=bucket), adopt=True)
        pulumi.export("uri", namespace.uri("x/"))

    assert declare(program).exports == {"uri": "s3://made-elsewhere/x/"}


def test_regions_of_other_partitions_have_their_own_arns_and_endpoints() -> None:
    backend = AwsS3(bucket="team-models", region="cn-north-1")
    declared = declare(lambda: StorageNamespace("models", backend=backend) and None)
    assert '"arn:aws-cn:s3:::team-models"' in declared["models-tls"].inputs["policy"]
    assert declared["models"].outputs["endpoint"] == "https://s3.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    ("bucket", "said"),
    [
        ("", "is empty"),
        ("ab", "3 to 63 characters"),
        ("a" * 64, "3 to 63 characters"),
        ("My_Models", "'my-models' would do"),
        ("-models", "'models' would do"),
        ("a..b", "two dots in a row"),
        ("192.168.5.4", "IP address"),
        ("xn--models", "cannot begin with 'xn--'"),
        ("sthree-models", "cannot begin with 'sthree-'"),
        ("models-s3alias", "cannot end with '-s3alias'"),
        ("models--ol-s3", "cannot end with '--ol-s3'"),
        ("models.mrap", "cannot end with '.mrap'"),
        ("models--x-s3", "cannot end with '--x-s3'"),
    ],
)
def test_bucket_names_that_s3_forbids_are_refused(bucket: str, said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(lambda: StorageNamespace("models", backend=AwsS3(bucket=bucket)) and None)
    assert said in str(refused.value)
    assert {problem.argument for problem in refused.value.problems} == {"backend.bucket"}


def test_every_setting_is_checked_at_once() -> None:
    backend = S3Compatible(
        endpoint="s3.example.org/bucket",
        bucket="B",
        prefix="a//b",
        credentials="AKIAEXAMPLE",
        verify_tls=False,
        ca_bundle="ca.pem",
    )
    with pytest.raises(InvalidArguments) as refused:
        declare(lambda: StorageNamespace("x" * 64, backend=backend, description="d" * 1025) and None)
    assert [problem.argument for problem in refused.value.problems] == [
        "name",
        "backend.bucket",
        "backend.prefix",
        "backend.endpoint",
        "backend.credentials",
        "backend.verify_tls",
        "description",
    ]
    assert "AKIAEXAMPLE" not in str(refused.value)


def test_two_namespaces_are_not_in_one_place() -> None:
    def program() -> None:
        StorageNamespace("first", backend=AwsS3(bucket="team-models", prefix="llms"))
        StorageNamespace("beside", backend=AwsS3(bucket="team-models", prefix="vision"))
        StorageNamespace("elsewhere", backend=S3Compatible(endpoint="http://h:1", bucket="team-models", prefix="llms"))
        StorageNamespace("second", backend=AwsS3(bucket="team-models", prefix="llms/"))

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert [(refusal.name, refusal.problems[0].argument) for refusal in refused.value.refusals] == [
        ("second", "backend")
    ]
    assert 'of namespace "first" are the same bucket and prefix' in str(refused.value)
