"""A public prefix on real servers: its statement comes and goes, and what else is in the bucket's policy stays."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from provider.stores import Store
from pulumi_modelstore_provider.resources.public_prefix import PublicPrefixProvider


@pytest.fixture(params=["gateway_store", "minio_store"])
def place(request: pytest.FixtureRequest) -> Store:
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
    assert provider.read(made.id, made.outs).id == made.id

    provider.delete(made.id, made.outs)
    provider.delete(made.id, made.outs)
    assert [_read(place, key) for key in ("www/page", "notes/page")] == [403, 200]
    assert provider.read(made.id, made.outs).id == ""
    (kept,) = json.loads(place.client.get_bucket_policy(Bucket=place.bucket)["Policy"])["Statement"]
    assert "notes" in json.dumps(kept["Resource"])
    provider.delete("", other)
    assert _read(place, "notes/page") == 403


@pytest.mark.parametrize("prefix", ["", "/", "a*", "a?", "${aws:username}"])
def test_a_pattern_is_no_prefix(prefix: str) -> None:
    props = {"connection": {}, "bucket": "bucket", "prefix": prefix}
    assert [failure.property for failure in PublicPrefixProvider().check({}, props).failures] == ["prefix"]
