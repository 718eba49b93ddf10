"""Settings of sources: what they refuse, that they hold no secret, and that they travel as JSON."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from pulumi_modelstore_provider.artifacts.sources.settings import (
    BucketObjects,
    HuggingFace,
    LocalFiles,
    Url,
    parse_sources,
)
from pulumi_modelstore_provider.errors import CredentialsUnavailable
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.tokens import resolve_token

SHA256 = "ab" * 32
R2 = S3Connection(endpoint="https://0123.r2.cloudflarestorage.com", region="auto", credentials="env:R2")


def test_every_source_travels_as_json() -> None:
    sources = (
        LocalFiles(path="weights", into="local"),
        HuggingFace(repo="owner/name", allow=("*.json",), token="config:hfToken"),
        BucketObjects(connection=R2, bucket="weights", prefix="a/b"),
        Url(url="https://example.org/model.bin", sha256=f"sha256:{SHA256.upper()}"),
    )
    text = json.dumps([source.to_inputs() for source in sources])
    assert parse_sources(json.loads(text)) == sources
    assert sources[3].sha256 == SHA256


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter22@example.org/model.bin",
        "https://bucket.s3.amazonaws.com/model.bin?X-Amz-Signature=hunter22&X-Amz-Date=1",
        "https://account.blob.core.windows.net/c/model.bin?sv=2021&sig=hunter22",
        "https://storage.googleapis.com/b/model.bin?X-Goog-Signature=hunter22",
        "https://d111.cloudfront.net/model.bin?Expires=1&Key-Pair-Id=hunter22",
        "https://bucket.s3.amazonaws.com/model.bin?AWSAccessKeyId=hunter22",
        "https://gitlab.example.org/model.bin?private_token=hunter22",
        "https://example.org/model.bin?api_key=hunter22",
    ],
)
def test_a_url_with_a_secret_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Url(url=url, sha256=SHA256)
    assert "by reference" in str(refusal.value)
    assert "hunter22" not in str(refusal.value)


def test_a_url_that_anybody_may_read_is_taken_and_so_is_a_reference() -> None:
    plain = "https://example.org/model.bin?download=true&version=3"
    assert Url(url=plain, sha256=SHA256).url == plain
    assert Url(url="env:MODEL_URL", sha256=SHA256).url == "env:MODEL_URL"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kind": "url", "url": "ftp://example.org/a", "sha256": SHA256}, "https://"),
        ({"kind": "url", "url": "https://example.org/a"}, "required"),
        ({"kind": "url", "url": "https://example.org/a", "sha256": "12"}, "64 hex digits"),
        ({"kind": "huggingface", "repo": "https://huggingface.co/owner/name"}, "owner/name"),
        ({"kind": "huggingface", "repo": "owner/name", "token": "hf_abcdefgh"}, "by reference"),
        ({"kind": "huggingface", "repo": "owner/name", "revision": "a b"}, "branch"),
        ({"kind": "local", "path": "x", "into": "../up"}, "'..'"),
        ({"kind": "bucket", "connection": {}, "bucket": "No"}, "bucket name"),
        ({"kind": "torrent"}, "torrent"),
    ],
)
def test_what_will_not_do_is_refused(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        parse_sources([settings])
    assert reason in str(refusal.value)
    assert "hf_abcdefgh" not in str(refusal.value)


def test_a_token_comes_from_where_the_reference_points() -> None:
    assert resolve_token("env:HF_TOKEN", environ={"HF_TOKEN": "hf_one\n"}) == "hf_one"
    assert resolve_token("config:hfToken", config={"hfToken": "hf_two"}.get) == "hf_two"
    assert resolve_token("default") is None
    for reference in ("env:HF_TOKEN", "config:hfToken"):
        with pytest.raises(CredentialsUnavailable, match="is not set"):
            resolve_token(reference, config={}.get, environ={})
    with pytest.raises(CredentialsUnavailable) as damaged:
        resolve_token("env:HF_TOKEN", environ={"HF_TOKEN": "hf_secret\r\nX: y"})
    assert "hf_secret" not in str(damaged.value)


def test_no_token_stays_none() -> None:
    """An input that is None reaches no engine."""
    asked = HuggingFace(repo="owner/name", token=None)
    assert parse_sources([asked.to_inputs()]) == (asked,)
    assert None not in asked.to_inputs().values()
