"""What a program writes of sources, and what the provider is told."""

from __future__ import annotations

import json

import pulumi
import pytest

import pulumi_modelstore as ms
from pulumi_modelstore_provider.artifacts.sources.settings import (
    BucketObjects,
    HuggingFace,
    LocalFiles,
    Url,
    parse_sources,
)

SHA256 = "cd" * 32


def test_settings_of_each_source() -> None:
    r2 = ms.CloudflareR2(account_id="0" * 32, bucket="weights", prefix="team", credentials="env:R2")
    sources = (
        ms.LocalFolder(path="weights"),
        ms.HuggingFaceRepository(repo="owner/name", allow=("*.json",), token="config:hfToken", into="hf"),
        ms.BucketFolder(backend=r2, into="r2"),
        ms.WebFile(url="https://example.org/tokenizer.model", sha256=SHA256, path="t/tokenizer.model"),
    )
    assert [source.problems() for source in sources] == [[], [], [], []]
    settings = [source.to_settings() for source in sources]
    assert [type(one) for one in settings] == [LocalFiles, HuggingFace, BucketObjects, Url]
    assert parse_sources(json.loads(json.dumps([one.to_inputs() for one in settings]))) == tuple(settings)
    bucket = settings[2]
    assert isinstance(bucket, BucketObjects)
    # The endpoint holds no bucket, and the settings no key.
    assert bucket.to_inputs()["connection"] == {
        "endpoint": f"https://{'0' * 32}.r2.cloudflarestorage.com",
        "region": "auto",
        "addressing": "path",
        "verifyTls": True,
        "credentials": "env:R2",
        "checksums": "when_required",
    }
    assert (bucket.bucket, bucket.prefix) == ("weights", "team/")


def test_path_of_a_bucket_takes_the_place_of_its_prefix() -> None:
    store = ms.S3Compatible(bucket="weights", endpoint="https://s3.example.org", prefix="team")
    assert ms.BucketFolder(backend=store, path="a/w.bin").to_settings().prefix == "a/w.bin"
    assert ms.BucketFolder(backend=store, path="").to_settings().prefix == ""


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (ms.HuggingFaceRepository(repo="https://huggingface.co/owner/name"), "owner/name"),
        (ms.HuggingFaceRepository(repo="owner/name", token="hf_pasted"), "by reference"),
        (ms.WebFile(url="https://example.org/a?X-Amz-Signature=hf_pasted", sha256=SHA256), "by reference"),
        (ms.WebFile(url="https://example.org/a", sha256="12"), "64 hex digits"),
        (ms.LocalFolder(path="x", into="/../y"), "'..'"),
        (ms.BucketFolder(backend="s3://weights"), "is no backend"),
        (ms.BucketFolder(backend=ms.S3Compatible(bucket="No", endpoint="https://s3.example.org")), "bucket name"),
    ],
)
def test_what_will_not_do_is_a_problem(source: ms.WebFile, reason: str) -> None:
    told = " ".join(map(str, source.problems()))
    assert reason in told
    assert "hf_pasted" not in told


def test_endpoint_that_is_known_later_cannot_be_listed_at_preview() -> None:
    later = pulumi.Output.from_input("https://s3.example.org")
    source = ms.BucketFolder(backend=ms.S3Compatible(bucket="weights", endpoint=later))
    assert "not known at preview" in str(source.problems()[0])
