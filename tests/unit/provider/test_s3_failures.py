"""What is told of an answer that a store gave by S3."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from pulumi_modelstore_provider.errors import StoreRefused
from pulumi_modelstore_provider.s3.failures import asking


def test_an_answer_without_a_message_is_its_code() -> None:
    # As botocore has it of a store that sends the element empty.
    error = {"Error": {"Code": "InvalidAccessKeyId", "Message": None}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    with pytest.raises(StoreRefused) as refused, asking("Cannot list", on="s3://models/"):
        raise ClientError(error, "ListObjectsV2")
    assert "InvalidAccessKeyId (HTTP 403)" in str(refused.value)
    assert "None" not in str(refused.value)


@pytest.mark.parametrize("code", ["InsufficientStorage", "XMinioStorageFull", "SomethingElse"])
def test_a_full_disk_is_told_with_its_remedy(code: str) -> None:
    # The first is versitygw's answer, the second MinIO's.
    error = {"Error": {"Code": code, "Message": "full"}, "ResponseMetadata": {"HTTPStatusCode": 507}}
    with pytest.raises(StoreRefused, match=r"full \(HTTP 507\)\. Make room on the store's disk"), asking("No", on="s3"):
        raise ClientError(error, "PutObject")
