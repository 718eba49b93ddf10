from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from pulumi_modelstore import AwsS3, InvalidArguments, S3Compatible, backend_from_config
from pulumi_modelstore.backends.protocol import Backend
from unit.components.declared import declare

KINDS = "aws-s3, azure-blob, ceph-rgw, cloudflare-r2, gcs, minio, s3-compatible, vast-s3, weka-s3"


def test_kind_chooses_the_backend() -> None:
    assert backend_from_config({"kind": "aws-s3", "bucket": "m"}) == AwsS3(bucket="m")
    settings = {"kind": "s3-compatible", "bucket": "m", "endpoint": "http://h:1", "verifyTls": False}
    assert backend_from_config(settings) == S3Compatible(bucket="m", endpoint="http://h:1", verify_tls=False)


def test_settings_come_from_the_stacks_configuration() -> None:
    found = []
    settings = json.dumps({"kind": "aws-s3", "bucket": "team-models", "region": "eu-west-1"})
    declare(lambda: found.append(backend_from_config()), config={"backend": settings})
    assert found == [AwsS3(bucket="team-models", region="eu-west-1")]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, f"kind: is missing. Choose one of {KINDS}."),
        ({"kind": "mino"}, "kind: 'mino' is no backend. Write minio."),
        ({"kind": "aws_s3"}, "kind: 'aws_s3' is no backend. Write aws-s3."),
        ({"kind": "floppy"}, f"kind: 'floppy' is no backend. Choose one of {KINDS}."),
        ({"kind": "protocol"}, "kind: 'protocol' is no backend"),
        ({"kind": "../aws-s3"}, "is no backend"),
        ({"kind": 3}, "kind: 3 is no backend"),
        ("[]", "backend: is no object"),
        ("{", "backend: is no object"),
        ({"kind": "aws-s3"}, "bucket: is missing. Give bucket."),
        ({"kind": "aws-s3", "bucket": "m", "buckets": "n"}, "buckets: is no setting that exists here"),
    ],
)
def test_wrong_settings_are_refused(settings: object, said: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        backend_from_config(settings)  # type: ignore[arg-type]
    assert said in str(refused.value)


def test_missing_configuration_says_how_to_set_it() -> None:
    with pytest.raises(InvalidArguments, match=r"pulumi config set --path backend\.kind"):
        declare(lambda: backend_from_config() and None)


def test_all_wrong_settings_at_once_and_no_value_repeated() -> None:
    with pytest.raises(InvalidArguments) as refused:
        backend_from_config({"kind": "s3-compatible", "addressing": "secret-value", "verifyTls": "secret-value"})
    assert {problem.argument for problem in refused.value.problems} == {
        "endpoint",
        "bucket",
        "addressing",
        "verifyTls",
    }
    assert "secret-value" not in str(refused.value)


@pytest.mark.parametrize("backend", [AwsS3(bucket="m"), S3Compatible(bucket="m", endpoint="http://h:1")])
def test_backends_fulfil_the_protocol_and_are_frozen(backend: Backend) -> None:
    assert isinstance(backend, Backend)
    with pytest.raises(ValidationError, match="frozen"):
        backend.prefix = "x"  # type: ignore[misc]
