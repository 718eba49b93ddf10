"""Presigned URLs of the stand-in: an object is read with one, and with nothing less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from pulumi_modelstore_sandbox.aws.endpoint import AwsEndpoint
from sandbox.aws.conftest import client

BUCKET, KEY, BODY = "presigned-models", "models/a file+with=signs.bin", b"weights"


def get(url: str) -> tuple[int, bytes]:
    answer = urllib3.request("GET", url, retries=False, timeout=30)
    return answer.status, answer.data


def signing(aws: AwsEndpoint, access_key_id: str = "", secret_access_key: str = "") -> Any:
    return client("s3", aws, access_key_id, secret_access_key, signature_version="s3v4")


def signed(s3: Any, *, seconds: int = 60, key: str = KEY) -> str:
    return str(s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=seconds))


@pytest.fixture(autouse=True)
def stored(s3: Any) -> Iterator[None]:
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=BODY)
    yield
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    s3.delete_bucket(Bucket=BUCKET)


def test_a_signed_url_reads_the_object(aws: AwsEndpoint) -> None:
    assert get(signed(signing(aws))) == (200, BODY)


def test_what_is_not_there_is_told(aws: AwsEndpoint) -> None:
    assert get(signed(signing(aws), key="models/another"))[0] == 404


@pytest.mark.parametrize(
    ("before", "after"),
    [("X-Amz-Expires=60", "X-Amz-Expires=600"), ("X-Amz-Signature=", "X-Amz-Signature=0"), ("X-Amz-Algorithm", "X")],
)
def test_a_changed_url_is_refused(aws: AwsEndpoint, before: str, after: str) -> None:
    url = signed(signing(aws))
    assert before in url
    assert get(url.replace(before, after))[0] == 403


def test_an_ended_url_is_refused(aws: AwsEndpoint) -> None:
    assert get(signed(signing(aws), seconds=-1))[0] == 403


def test_another_secret_is_refused(aws: AwsEndpoint) -> None:
    assert get(signed(signing(aws, aws.access_key_id, "another-secret")))[0] == 403


def test_a_url_opens_what_its_key_opens(aws: AwsEndpoint, iam: Any) -> None:
    iam.create_user(UserName="signs-in-vain")
    key = iam.create_access_key(UserName="signs-in-vain")["AccessKey"]
    assert get(signed(signing(aws, key["AccessKeyId"], key["SecretAccessKey"])))[0] == 403
    iam.delete_access_key(UserName="signs-in-vain", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="signs-in-vain")


def test_a_url_that_nobody_signed_is_refused(aws: AwsEndpoint) -> None:
    assert get(signed(signing(aws)).partition("?")[0])[0] == 403
