"""Requests that the package sends itself: signed and addressed as the SDK would have done it."""

from __future__ import annotations

import datetime
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_modelstore_provider import credentials as modelstore_credentials
from pulumi_modelstore_provider.s3.addressing import bucket_address
from pulumi_modelstore_provider.s3.sessions import session_of
from pulumi_modelstore_provider.s3.signing import RequestSigner, canonical_query, quoted_path

KEYS = modelstore_credentials.Credentials("AKIAEXAMPLE", "a-key-for-signatures-alone")
NOW = datetime.datetime(2026, 3, 1, 12, 30, 45, tzinfo=datetime.UTC)
words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), min_size=1)
names = st.from_regex(r"x-amz-[a-z][a-z0-9-]{0,12}", fullmatch=True).filter(
    lambda name: name not in ("x-amz-date", "x-amz-content-sha256", "x-amz-security-token")
)
printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


def by_the_sdk(
    keys: tuple[str, str, str | None], region: str, method: str, url: str, headers: dict[str, str]
) -> dict[str, str]:
    request = AWSRequest(method, url, headers)
    request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        S3SigV4Auth(Credentials(*keys), "s3", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@settings(max_examples=60, deadline=None)
@given(
    key=words,
    headers=st.dictionaries(names, printable, max_size=4),
    query=st.lists(
        st.tuples(st.sampled_from(["uploadId", "partNumber", "x-id"]), words),
        max_size=3,
        unique_by=lambda pair: pair[0],
    ),
    token=st.none() | st.from_regex(r"[A-Za-z0-9+/=]{1,40}", fullmatch=True),
    region=st.sampled_from(["us-east-1", "eu-west-3", "auto"]),
    method=st.sampled_from(["PUT", "GET"]),
)
def test_signature_is_that_of_the_sdk(
    key: str, headers: dict[str, str], query: list[tuple[str, str]], token: str | None, region: str, method: str
) -> None:
    keys = ("AKIAEXAMPLE", "secret/with+signs", token)
    path, asked = quoted_path(f"/bucket/{key}"), canonical_query(query)
    url = f"https://store.example:9000{path}" + (f"?{asked}" if asked else "")
    signer = RequestSigner(lambda: ReadOnlyCredentials(*keys), region, clock=lambda: NOW)
    for _ in range(2):  # the second time with the key of the day at hand
        signed = dict(signer.signed(method, path, asked, [("host", "store.example:9000"), *headers.items()]))
        wanted = by_the_sdk(keys, region, method, url, headers)
        assert signed["authorization"] == wanted["authorization"]
        assert signed["x-amz-date"] == wanted["x-amz-date"]
        assert signed.get("x-amz-security-token") == wanted.get("x-amz-security-token")


def test_keys_and_days_change() -> None:
    keys = [ReadOnlyCredentials("one", "secret-one", None), ReadOnlyCredentials("two", "secret-two", "token")]
    days = [NOW, NOW, NOW + datetime.timedelta(days=1)]
    for given_keys, day in zip([keys[0], keys[1], keys[1]], list(days), strict=True):
        current = given_keys
        signer = RequestSigner(lambda: current, "us-east-1", clock=lambda: day)  # noqa: B023 - used at once
        assert (
            f"Credential={current.access_key}/{day:%Y%m%d}/"
            in dict(signer.signed("PUT", "/b/k", "", [("host", "h")]))["authorization"]
        )


@pytest.mark.parametrize("bucket", ["my-models-2", "a.dotted.name"])
@pytest.mark.parametrize("style", ["path", "virtual", "auto"])
@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        (None, "us-east-1"),
        (None, "eu-west-3"),
        ("http://127.0.0.1:9000", "us-east-1"),
        ("https://127.0.0.1", "us-east-1"),
        ("https://s3.example.org", "here"),
        ("https://s3.example.org:443", "here"),
        ("http://s3.example.org:8080/gateway", "here"),
        ("https://[::1]:9000", "here"),
    ],
)
def test_addresses_are_those_of_the_sdk(endpoint: str | None, region: str, style: str, bucket: str) -> None:
    """Where this package says that it knows: for some settings it leaves the request to the SDK."""
    session = session_of(KEYS, remedy="")
    config = Config(signature_version="s3v4", s3={"addressing_style": style})
    client = session.client("s3", region_name=region, endpoint_url=endpoint, config=config)
    sent: list[str] = []

    def instead(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.url)
        return AWSResponse(request.url, 200, {"ETag": '"e"'}, mock.Mock(stream=lambda: iter(())))

    client.meta.events.register("before-send.s3.PutObject", instead)
    key = "m/a b+ü~'&.bin"
    client.put_object(Bucket=bucket, Key=key, Body=b"")
    address = bucket_address(client, bucket)
    if address is None:
        assert style != "path"
        assert "." in bucket or "/gateway" in str(endpoint) or "127.0.0.1" in str(endpoint) or "::1" in str(endpoint)
        return
    # The port of https itself is in no Host header of the SDK.
    assert address.url(key) == sent[0].replace(":443/", "/")
    assert (address.host, address.port) == (urlsplit(sent[0]).hostname, urlsplit(sent[0]).port or address.port)


@pytest.mark.parametrize(
    "options",
    [
        {"signature_version": "s3"},
        {"s3": {"use_accelerate_endpoint": True}},
        {"use_dualstack_endpoint": True},
        {"s3": {"payload_signing_enabled": True}},
    ],
)
def test_what_is_unusual_is_left_to_the_sdk(options: dict[str, Any]) -> None:
    session = session_of(KEYS, remedy="")
    client = session.client("s3", region_name="eu-west-3", config=Config(**({"signature_version": "s3v4"} | options)))
    assert bucket_address(client, "models") is None
