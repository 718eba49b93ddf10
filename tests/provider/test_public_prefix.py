"""A public prefix on real servers: its statement comes and goes, and what else is in the bucket's policy stays."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provider.ceph_place import ceph_place
from provider.stores import Store
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.public_prefix import PublicPrefixProvider
from pulumi_modelstore_provider.s3 import bucket_policy
from servers.ceph import CephServer


@pytest.fixture(params=["gateway_store", "minio_store", "ceph_store"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket; with one writer of its policy there is nothing to wait for."""
    monkeypatch.setattr(bucket_policy, "SETTLED_SECONDS", 0.0)
    found: Store = request.getfixturevalue(request.param)
    return found


def _read(place: Store, key: str) -> int:
    try:
        with urllib.request.urlopen(f"{place.endpoint}/{place.bucket}/{key}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _props(place: Store, prefix: str) -> dict[str, Any]:
    connection = {"endpoint": place.endpoint, "credentials": "env:STORE"}
    return {"connection": connection, "bucket": place.bucket, "prefix": prefix}


def test_it_comes_and_goes_beside_other_statements(place: Store) -> None:
    for key in ("www/page", "www2/page", "notes/page"):
        place.client.put_object(Bucket=place.bucket, Key=key, Body=b"")
    provider, props, other = PublicPrefixProvider(), _props(place, "www"), _props(place, "notes")
    made = provider.create(props)
    provider.create(other)
    provider.create(props)
    assert [_read(place, key) for key in ("www/page", "www2/page", "notes/page")] == [200, 403, 200]
    assert [_read(place, listing) for listing in ("?list-type=2", "?list-type=2&prefix=www/")] == [403, 403]
    assert provider.read(made.id, made.outs).id == made.id

    provider.delete(made.id, made.outs)
    provider.delete(made.id, made.outs)
    assert [_read(place, key) for key in ("www/page", "notes/page")] == [403, 200]
    assert provider.read(made.id, made.outs).id == ""
    (kept,) = json.loads(place.client.get_bucket_policy(Bucket=place.bucket)["Policy"])["Statement"]
    assert "notes" in json.dumps(kept["Resource"])
    provider.delete("", other)
    assert _read(place, "notes/page") == 403


def test_on_ceph_it_stands_beside_what_lets_keys_in(ceph: CephServer, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ceph_place(ceph, monkeypatch)
    for key in ("team/www/page", "team/www2/page", "team/notes"):
        place.owner.put_object(Bucket=place.bucket, Key=key, Body=b"")
    connection = {"endpoint": ceph.endpoint, "credentials": "env:OWNER"}
    public = {"connection": connection, "bucket": place.bucket, "prefix": "team/www"}
    prefix, principals = PublicPrefixProvider(), PrincipalProvider()

    def seen() -> list[int]:
        store = Store(ceph.endpoint, place.bucket, place.owner)
        return [_read(store, key) for key in ("team/www/page", "team/www2/page", "team/notes", "?list-type=2")]

    # As a run has it: users and prefixes at the same time.
    start = threading.Barrier(3)

    def together(work: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(3) as pool:
        readers, writers, made = pool.map(
            together,
            [
                lambda: place.made("readers", readOnly=True, prefix="team"),
                lambda: place.made("writers", prefix="team"),
                lambda: prefix.create(public),
            ],
        )
    assert seen() == [200, 403, 403, 403]
    reader, writer = (
        place.client(place.key(name, "key", 0, prefix="team", readOnly=name == readers)) for name in (readers, writers)
    )
    writer.put_object(Bucket=place.bucket, Key="team/www/other", Body=b"for all")
    assert reader.get_object(Bucket=place.bucket, Key="team/notes")["Body"].read() == b""
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.put_object(Bucket=place.bucket, Key="team/www/other", Body=b"")

    principals.delete(readers, place.principal("readers"))
    assert seen() == [200, 403, 403, 403]
    prefix.delete(made.id, made.outs)
    assert seen() == [403, 403, 403, 403]
    assert writer.get_object(Bucket=place.bucket, Key="team/www/other")["Body"].read() == b"for all"


@pytest.mark.parametrize("prefix", ["", "/", "a*", "a?", "${aws:username}"])
def test_a_pattern_is_no_prefix(prefix: str) -> None:
    props = {"connection": {}, "bucket": "bucket", "prefix": prefix}
    assert [failure.property for failure in PublicPrefixProvider().check({}, props).failures] == ["prefix"]
