"""The object store on real servers."""

from __future__ import annotations

import json
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from client.object_calls import put_read_list_and_delete, read
from provider.recording_proxy import recording_proxy
from pulumi_modelstore_client import (
    AccessRefused,
    InvalidRequest,
    NotInStore,
    ObjectStoreClient,
    StoreFull,
    StoreUnreachable,
    TimeLimits,
    TooLarge,
)
from servers.binaries import free_port
from servers.versitygw import versity_gateway

HASTY = TimeLimits(connect=1, read=5, attempts=1)


@pytest.fixture(params=["versitygw", "minio"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def bucket(server: Any) -> str:
    """A bucket whose prefix `open/` anybody may read."""
    name = f"objects-{uuid.uuid4().hex[:12]}"
    client = server.client()
    client.create_bucket(Bucket=name)
    resource = f"arn:aws:s3:::{name}/open/*"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    client.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def store(server: Any, bucket: str, access: str, **settings: str) -> ObjectStoreClient:
    prefix = "open" if access == "public" else "closed/part"
    environment = {
        "MODELSTORE_OBJECTS_URL": f"s3://{bucket}/{prefix}?access={access}&region=us-east-1&endpoint={server.endpoint}",
        "MODELSTORE_OBJECTS_ACCESS_KEY_ID": server.access_key_id,
        "MODELSTORE_OBJECTS_SECRET_ACCESS_KEY": server.secret_access_key,
        **settings,
    }
    return ObjectStoreClient.from_environment(environ=environment, limits=HASTY)


@pytest.mark.parametrize("access", ["public", "private"])
def test_objects_are_put_read_listed_and_deleted(server: Any, bucket: str, access: str, tmp_path: Path) -> None:
    objects = store(server, bucket, access)
    put_read_list_and_delete(objects, tmp_path)
    objects.put("reports/a b+é.json", b"{}")
    assert read(objects.url("reports/a b+é.json")) == b"{}"


def test_only_what_is_public_is_read_without_credentials(server: Any, bucket: str) -> None:
    public, private = store(server, bucket, "public"), store(server, bucket, "private")
    public.put("page", b"for all")
    private.put("page", b"for some")
    assert "X-Amz" not in public.url("page")
    assert read(public.url("page")) == b"for all"
    signed = private.url("page")
    assert "X-Amz-Expires=900" in signed
    assert read(signed) == b"for some"
    assert read(signed.partition("?")[0]) == 403
    assert read(signed.replace("page", "other")) == 403


def test_a_private_url_ends(server: Any, bucket: str) -> None:
    private = store(server, bucket, "private")
    private.put("page", b"for some")
    short = private.url("page", expires_seconds=1)
    while read(short) != 403:
        pass
    assert read(private.url("page", expires_seconds=60)) == b"for some"


def test_what_stands_in_the_way_is_said(server: Any, bucket: str) -> None:
    wrong = store(server, bucket, "private", MODELSTORE_OBJECTS_SECRET_ACCESS_KEY="not-the-secret")
    for work in (lambda: wrong.get("a"), lambda: wrong.put("a", b""), lambda: wrong.put("a", Path(__file__))):
        with pytest.raises(AccessRefused, match="Check that the key in the store's Secret") as refused:
            work()
        assert "not-the-secret" not in str(refused.value)
    with pytest.raises(NotInStore):
        store(server, f"{bucket}-2", "private").put("a", b"")


def test_nobody_answers_and_what_no_store_takes() -> None:
    def at(url: str) -> ObjectStoreClient:
        pair = {"MODELSTORE_OBJECTS_ACCESS_KEY_ID": "a", "MODELSTORE_OBJECTS_SECRET_ACCESS_KEY": "b"}
        return ObjectStoreClient.from_environment(environ={"MODELSTORE_OBJECTS_URL": url, **pair}, limits=HASTY)

    endpoint = f"http://127.0.0.1:{free_port()}"
    objects = at(f"s3://bucket/p?access=private&region=us-east-1&endpoint={endpoint}")
    with pytest.raises(StoreUnreachable):
        objects.get("a")
    for key in ("", "/a", "a/../b", "..", "a\n", "\ud800"):
        with pytest.raises(InvalidRequest):
            objects.put(key, b"")
    assert objects.url("k" * 1022)
    with pytest.raises(TooLarge, match="key of 1025 bytes"):
        objects.url("k" * 1023)
    for seconds in (0, 604_801):
        with pytest.raises(InvalidRequest):
            objects.url("a", expires_seconds=seconds)
    for url in ("s3://bucket/p", "gs://bucket?access=public"):
        with pytest.raises(InvalidRequest):
            at(url)


def test_a_full_disk_is_said_and_what_is_there_is_still_read() -> None:
    with versity_gateway(disk="2m") as server:
        server.client().create_bucket(Bucket="objects")
        objects = store(server, "objects", "private")
        objects.put("there", b"t" * 500_000)
        for content in (b"m" * 4_000_000, BytesIO(b"m" * 12_000_000)):
            with pytest.raises(StoreFull, match=r"could not be written \(more, .*No space left.*Make room"):
                objects.put("more", content)
        assert objects.get("there") == b"t" * 500_000
        assert [found.key for found in objects.list()] == ["there"]


def test_public_urls_of_aws_and_of_an_endpoint_that_browsers_see() -> None:
    urls = {
        "s3://b/p?access=public&region=eu-west-1": "https://b.s3.eu-west-1.amazonaws.com/p/a%20b",
        "s3://b.c/?access=public&region=eu-west-1": "https://s3.eu-west-1.amazonaws.com/b.c/a%20b",
        "s3://b/p?access=public&region=x&endpoint=http://in:9000&url_endpoint=https://out": "https://out/b/p/a%20b",
        "s3://b/p?access=public&region=cn-north-1": "https://b.s3.cn-north-1.amazonaws.com.cn/p/a%20b",
        "s3://b/p?access=public&region=x&endpoint=https://s3.in&addressing=virtual": "https://b.s3.in/p/a%20b",
    }
    for url, expected in urls.items():
        assert ObjectStoreClient.from_environment(environ={"MODELSTORE_OBJECTS_URL": url}).url("a b") == expected
    pair = {"MODELSTORE_OBJECTS_ACCESS_KEY_ID": "a", "MODELSTORE_OBJECTS_SECRET_ACCESS_KEY": "b"}
    url = "s3://apps/p?access=private&region=x&endpoint=https://s3.in&addressing=virtual"
    signed = ObjectStoreClient.from_environment(environ={"MODELSTORE_OBJECTS_URL": url, **pair}).url("a b")
    assert signed.startswith("https://apps.s3.in/p/a%20b?X-Amz-")


def test_stores_beside_aws_get_no_request_that_only_aws_knows(tmp_path: Path) -> None:
    """What Cloudflare R2 and Google Cloud Storage leave out of S3; their region in signatures is `auto`."""
    with versity_gateway(region="auto") as server, recording_proxy(server.endpoint) as proxy:
        server.client().create_bucket(Bucket="apps")
        url = f"s3://apps/team/reports?access=private&region=auto&endpoint={proxy.endpoint}"
        pair = {
            "MODELSTORE_OBJECTS_ACCESS_KEY_ID": server.access_key_id,
            "MODELSTORE_OBJECTS_SECRET_ACCESS_KEY": server.secret_access_key,
        }
        objects = ObjectStoreClient.from_environment(environ={"MODELSTORE_OBJECTS_URL": url, **pair}, limits=HASTY)
        put_read_list_and_delete(objects, tmp_path)
        objects.put("page", b"for some")
        signed = objects.url("page")
        assert "%2Fauto%2Fs3%2Faws4_request" in signed
        assert read(signed) == b"for some"
        headers = {name.lower() for exchange in proxy.exchanges for name in exchange.headers}
        assert not {name for name in headers if "checksum" in name or name in ("x-amz-trailer", "content-encoding")}
        bodies = {exchange.headers.get("X-Amz-Content-SHA256", "") for exchange in proxy.exchanges}
        assert not {body for body in bodies if body.startswith("STREAMING")}
        queries = {name for exchange in proxy.exchanges[:-1] for name in exchange.query}
        assert queries == {"encoding-type", "list-type", "partNumber", "prefix", "uploadId", "uploads"}
        parts = [len(exchange.body) for exchange in proxy.parts]
        assert sorted(set(parts)) == [9_000_000 - 8 * 1024 * 1024, 8 * 1024 * 1024], "all but the last are of one size"
