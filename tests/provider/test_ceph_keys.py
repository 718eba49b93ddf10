"""Keys on Ceph: who gets in, how far, and from when to when."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provider.ceph_place import CephPlace, ceph_place, new_place
from provider.recording_proxy import recording_proxy
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.keys import ceph_rgw
from pulumi_modelstore_provider.keys.ceph_rgw import Settings, key_id_of
from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.key_trial import await_key
from servers.ceph import CephServer


@pytest.fixture
def place(ceph: CephServer, monkeypatch: pytest.MonkeyPatch) -> CephPlace:
    return ceph_place(ceph, monkeypatch)


def denied(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    return str(refusal.value.response["Error"]["Code"])


def test_both_keys_read_and_write_their_bucket_alone(place: CephPlace) -> None:
    other = new_place(place.server)
    other.owner.put_object(Bucket=other.bucket, Key="a", Body=b"not yours")
    principal = place.made()
    assert principal == f"readers@{place.bucket}"
    for slot, generation in (("even", 0), ("odd", 1)):
        key = place.key(principal, slot, generation)
        connection = S3Connection(endpoint=place.server.endpoint)
        credentials = Credentials(key["accessKeyId"], key["secretAccessKey"])
        assert await_key(connection, place.bucket, "", credentials, sleep=lambda _: None) == 2
        client = place.client(key)
        client.put_object(Bucket=place.bucket, Key=f"from/{slot}", Body=slot.encode())
        assert client.get_object(Bucket=place.bucket, Key=f"from/{slot}")["Body"].read() == slot.encode()
        client.head_bucket(Bucket=place.bucket)
        client.delete_object(Bucket=place.bucket, Key=f"from/{slot}")
        assert denied(client.list_objects_v2, Bucket=other.bucket) == "AccessDenied"
        assert denied(client.get_object, Bucket=other.bucket, Key="a") == "AccessDenied"
        assert denied(client.put_object, Bucket=other.bucket, Key="b", Body=b"") == "AccessDenied"


def test_a_principal_owns_nothing_and_changes_no_policy(place: CephPlace) -> None:
    client = place.client(place.key(place.made(), "even", 0))
    assert denied(client.create_bucket, Bucket=f"{place.bucket}-2") == "AccessDenied"
    assert denied(client.delete_bucket, Bucket=place.bucket) == "AccessDenied"
    assert denied(client.delete_bucket_policy, Bucket=place.bucket) == "AccessDenied"
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    assert denied(client.put_bucket_policy, Bucket=place.bucket, Policy=policy) == "AccessDenied"
    assert client.list_buckets()["Buckets"] == []


def test_read_only_under_a_prefix(place: CephPlace) -> None:
    for key in ("team-a/x", "team-b/x", "team-ab/x"):
        place.owner.put_object(Bucket=place.bucket, Key=key, Body=key.encode())
    principal = place.made(prefix="team-a", readOnly=True)
    client = place.client(place.key(principal, "key", 0, prefix="team-a", readOnly=True))
    assert client.get_object(Bucket=place.bucket, Key="team-a/x")["Body"].read() == b"team-a/x"
    # KServe's storage initializer begins so.
    client.head_bucket(Bucket=place.bucket)
    for key in ("team-b/x", "team-ab/x"):
        assert denied(client.get_object, Bucket=place.bucket, Key=key) == "AccessDenied"
    assert denied(client.put_object, Bucket=place.bucket, Key="team-a/y", Body=b"") == "AccessDenied"
    assert denied(client.delete_object, Bucket=place.bucket, Key="team-a/x") == "AccessDenied"


def test_a_changed_scope_is_that_of_the_keys_there_are(place: CephPlace) -> None:
    for key in ("team-a/x", "team-b/x"):
        place.owner.put_object(Bucket=place.bucket, Key=key, Body=b"x")
    provider = PrincipalProvider()
    olds = dict(provider.create(place.principal(prefix="team-a")).outs)
    client = place.client(place.key(olds["principal"], "even", 0, prefix="team-a"))
    client.get_object(Bucket=place.bucket, Key="team-a/x")
    news = place.principal(prefix="team-b", readOnly=True)
    difference = provider.diff(olds["principal"], olds, news)
    assert (difference.changes, difference.replaces) == (True, [])
    assert provider.update(olds["principal"], olds, news).outs["principal"] == olds["principal"]
    client.get_object(Bucket=place.bucket, Key="team-b/x")
    assert denied(client.get_object, Bucket=place.bucket, Key="team-a/x") == "AccessDenied"
    assert denied(client.put_object, Bucket=place.bucket, Key="team-b/y", Body=b"") == "AccessDenied"


def test_a_third_key_is_refused_with_the_ids_of_the_two(place: CephPlace) -> None:
    principal = place.made()
    two = {place.key(principal, slot, generation)["accessKeyId"] for slot, generation in (("even", 0), ("odd", 1))}
    with pytest.raises(ModelstoreError, match="A third key") as refusal:
        place.key(principal, "even", 2)
    assert all(key_id in str(refusal.value) for key_id in two)
    assert place.server.keys(principal) == two


def test_a_key_that_somebody_added_counts(place: CephPlace) -> None:
    principal = place.made()
    own = place.key(principal, "even", 0)["accessKeyId"]
    place.server.admin("PUT", "user", {"key": "", "uid": principal, "access-key": "ADDEDBYHAND"})
    with pytest.raises(ModelstoreError, match="ADDEDBYHAND") as refusal:
        place.key(principal, "odd", 1)
    assert own in str(refusal.value)


def test_a_deleted_key_is_refused_at_once_and_the_other_works_on(place: CephPlace) -> None:
    principal = place.made()
    stale, current = place.key(principal, "even", 0), place.key(principal, "odd", 1)
    provider = StoreAccessKeyProvider()
    for _ in range(2):
        provider.delete(stale["accessKeyId"], stale)
        assert denied(place.client(stale).list_objects_v2, Bucket=place.bucket) == "InvalidAccessKeyId"
    place.client(current).list_objects_v2(Bucket=place.bucket)
    assert provider.read(stale["accessKeyId"], stale).id == ""
    assert provider.read(current["accessKeyId"], current).id == current["accessKeyId"]


def test_keys_of_one_user_come_and_go_at_the_same_time(place: CephPlace) -> None:
    principal = place.made()
    for round_ in range(3):
        slots = [("even", 2 * round_), ("odd", 2 * round_ + 1)]
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(lambda slot: place.key(principal, *slot), slots))
            assert place.server.keys(principal) == {key["accessKeyId"] for key in made}
            for key in made:
                place.client(key).list_objects_v2(Bucket=place.bucket)
            list(pool.map(lambda key: StoreAccessKeyProvider().delete(key["accessKeyId"], key), made))
        assert place.server.keys(principal) == set()


def test_keys_that_two_runs_change_at_the_same_time(place: CephPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but Ceph keeps two processes apart: what it refuses is sent again."""
    monkeypatch.setattr(ceph_rgw, "lock_of", lambda what: nullcontext())
    test_keys_of_one_user_come_and_go_at_the_same_time(place)


def test_a_second_run_repairs_what_an_interrupted_one_left(place: CephPlace) -> None:
    principal = place.made()
    lost = place.key(principal, "even", 0)
    again = place.key(principal, "even", 0)
    assert place.server.keys(principal) == {again["accessKeyId"]} == {lost["accessKeyId"]}
    assert denied(place.client(lost).list_objects_v2, Bucket=place.bucket) == "SignatureDoesNotMatch"
    place.client(again).list_objects_v2(Bucket=place.bucket)
    # Interrupted between user and policy.
    place.owner.delete_bucket_policy(Bucket=place.bucket)
    assert place.made() == principal
    place.client(again).list_objects_v2(Bucket=place.bucket)
    # Interrupted with two keys there, one of them this one.
    place.key(principal, "odd", 1)
    place.client(place.key(principal, "odd", 1)).list_objects_v2(Bucket=place.bucket)


def test_a_policy_that_was_lost_comes_back_with_the_next_key(place: CephPlace) -> None:
    principal = place.made()
    place.owner.delete_bucket_policy(Bucket=place.bucket)
    place.client(place.key(principal, "even", 0)).list_objects_v2(Bucket=place.bucket)


def test_a_deleted_principal_leaves_bucket_objects_and_others(place: CephPlace) -> None:
    place.owner.put_object(Bucket=place.bucket, Key="weights", Body=b"kept")
    writers = place.made("writers")
    kept = place.key(writers, "even", 0)
    provider = PrincipalProvider()
    outs = dict(provider.create(place.principal()).outs)
    lost = place.key(outs["principal"], "even", 0)
    for _ in range(2):
        provider.delete(outs["principal"], outs)
    assert outs["principal"] not in place.server.users()
    assert denied(place.client(lost).list_objects_v2, Bucket=place.bucket) == "InvalidAccessKeyId"
    assert place.client(kept).get_object(Bucket=place.bucket, Key="weights")["Body"].read() == b"kept"
    assert provider.read(outs["principal"], outs).id == ""
    provider.delete(writers, place.principal("writers"))
    assert place.statements() == []


def test_a_principal_is_deleted_after_its_bucket_too(place: CephPlace) -> None:
    principal = place.made()
    place.owner.delete_bucket(Bucket=place.bucket)
    PrincipalProvider().delete(principal, place.principal())
    assert principal not in place.server.users()


def test_an_unchanged_principal_writes_nothing(place: CephPlace) -> None:
    place.made()
    with recording_proxy(place.server.endpoint) as proxy:
        connection = {"endpoint": proxy.endpoint, "credentials": "env:OWNER"}
        keys = Settings.model_validate(place.issuer(connection=connection)).open(None)
        keys.ensure_principal("readers", Scope(place.bucket))
    assert {exchange.method for exchange in proxy.exchanges} == {"GET"}


def test_secrets_are_in_no_request_line(place: CephPlace) -> None:
    with recording_proxy(place.server.endpoint) as proxy:
        connection = {"endpoint": proxy.endpoint, "credentials": "env:OWNER"}
        issuer = place.issuer(connection=connection)
        principal = place.made(issuer=issuer)
        key = place.key(principal, "even", 0, issuer=issuer)
    lines = " ".join(exchange.path for exchange in proxy.exchanges)
    assert key["accessKeyId"] in lines
    assert key["secretAccessKey"] not in lines
    assert place.server.administrator.secret_access_key not in lines


def test_within_a_tenant(place: CephPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = place.server.new_user("acme$owner-of-tenant")
    monkeypatch.setenv("OWNER_ACCESS_KEY_ID", owner.access_key_id)
    monkeypatch.setenv("OWNER_SECRET_ACCESS_KEY", owner.secret_access_key)
    # The same name as outside of the tenant, where it belongs to somebody else.
    place.server.client(key=(owner.access_key_id, owner.secret_access_key)).create_bucket(Bucket=place.bucket)
    issuer = place.issuer(tenant="acme")
    principal = place.made(issuer=issuer)
    assert principal == f"acme$readers@{place.bucket}"
    key = place.key(principal, "even", 0, issuer=issuer)
    place.client(key).put_object(Bucket=place.bucket, Key="x", Body=b"of the tenant")
    assert "Contents" not in place.owner.list_objects_v2(Bucket=place.bucket)
    StoreAccessKeyProvider().delete(key["accessKeyId"], key)
    PrincipalProvider().delete(principal, place.principal(issuer=issuer))
    assert principal not in place.server.users()


def test_key_ids_are_those_of_one_place_only() -> None:
    ids = {
        key_id_of(principal, slot, generation)
        for principal in ("readers@models", "writers@models", "t$readers@models")
        for slot in ("even", "odd", "key")
        for generation in range(4)
    }
    assert len(ids) == 3 * 3 * 4
    assert all(len(key_id) == 20 and key_id.isalnum() and key_id.isupper() for key_id in ids)
