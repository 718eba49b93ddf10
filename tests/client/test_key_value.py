"""The key-value store, the same on every engine."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.conftest import dynamodb_environment
from pulumi_modelstore_client import InvalidRequest, KeyValueStoreClient, NotInStore, StoreError, TooLarge
from pulumi_modelstore_client.key_value import dynamodb_deletion, dynamodb_engine
from pulumi_modelstore_client.key_value.limits import KEY_BYTES, VALUE_BYTES
from pulumi_modelstore_client.location import from_environment
from pulumi_modelstore_client.time_limits import USUAL
from servers.moto import MotoAws
from servers.valkey import ValkeyServer

_names = count()
AWKWARD = st.text(alphabet=st.sampled_from("ab:*?[]\\{}#/\x00\n %é"), min_size=1, max_size=6)


def test_what_is_written_is_read_until_it_is_deleted(key_value: KeyValueStoreClient) -> None:
    sessions = key_value.create_namespace("sessions")
    assert sessions.get("a") is None
    sessions.put("a", b"\x00\xff one")
    sessions.put("a", b"two")
    sessions.put("empty", b"")
    assert (sessions.get("a"), sessions.get("empty")) == (b"two", b"")
    assert sorted(sessions.keys()) == ["a", "empty"]
    assert sessions.delete("a") is True
    assert sessions.delete("a") is False
    assert (sessions.get("a"), list(sessions.keys())) == (None, ["empty"])


def test_namespaces_are_created_listed_and_deleted_with_their_data(key_value: KeyValueStoreClient) -> None:
    assert key_value.namespaces() == []
    first, other = key_value.create_namespace("first"), key_value.create_namespace("an other")
    for number in range(60):
        first.put(f"key {number}", b"value")
    other.put("kept", b"value")
    assert key_value.create_namespace("first").get("key 7") == b"value", "creating it again takes the one that is there"
    assert key_value.namespaces() == ["an other", "first"]

    assert key_value.delete_namespace("first") is True
    assert key_value.delete_namespace("first") is False
    assert key_value.namespaces() == ["an other"]
    with pytest.raises(NotInStore, match=r"no such namespace.*first"):
        key_value.namespace("first")
    for use in (
        lambda: first.put("a", b""),
        lambda: first.get("a"),
        lambda: first.delete("a"),
        lambda: [*first.keys()],
    ):
        with pytest.raises(NotInStore):
            use()

    key_value.create_namespace("first")
    assert (list(first.keys()), first.get("key 7")) == ([], None), (
        "one that was held is the new one, without the old data"
    )
    assert list(other.keys()) == ["kept"]


def test_limits_are_exact_to_the_byte(key_value: KeyValueStoreClient) -> None:
    space = key_value.create_namespace("n" * 255)
    assert (KEY_BYTES, VALUE_BYTES) == (32_768, 262_144)
    longest = "é" * (KEY_BYTES // 2)
    space.put(longest, b"v" * VALUE_BYTES)
    assert space.get(longest) == b"v" * VALUE_BYTES
    assert list(space.keys()) == [longest]
    with pytest.raises(TooLarge, match=r"key of 32769 bytes"):
        space.put(longest + "a", b"")
    with pytest.raises(TooLarge, match=r"value of 262145 bytes"):
        space.put("a", b"v" * (VALUE_BYTES + 1))
    with pytest.raises(TooLarge, match=r"namespace of 256 bytes"):
        key_value.create_namespace("n" * 256)
    assert space.get("a") is None


def test_a_key_expires(key_value: KeyValueStoreClient, monkeypatch: pytest.MonkeyPatch) -> None:
    space = key_value.create_namespace("short lives")
    space.put("over", b"1", expires_after=0.001)
    space.put("stays", b"2", expires_after=3600)
    space.put("kept", b"3", expires_after=0.2)
    space.put("kept", b"4")
    while space.get("over") is not None:
        pass
    assert space.delete("over") is False
    assert sorted(space.keys()) == ["kept", "stays"]
    for wrong in (0, -1, float("nan"), 1e12):
        with pytest.raises(InvalidRequest, match="cannot expire"):
            space.put("a", b"", expires_after=wrong)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(AWKWARD, min_size=2, max_size=3, unique=True),
    keys=st.lists(AWKWARD, min_size=1, max_size=4, unique=True),
)
def test_no_namespace_sees_another(key_value: KeyValueStoreClient, names: list[str], keys: list[str]) -> None:
    before = f"{next(_names)}:"
    spaces = [key_value.create_namespace(before + name) for name in names]
    for number, space in enumerate(spaces):
        for key in keys:
            space.put(key, f"{number} {key}".encode())
    assert {before + name for name in names} <= set(key_value.namespaces())
    key_value.delete_namespace(before + names[0])
    for number, space in enumerate(spaces[1:], start=1):
        assert sorted(space.keys()) == sorted(keys)
        assert [space.get(key) for key in keys] == [f"{number} {key}".encode() for key in keys]
    for name in names[1:]:
        key_value.delete_namespace(before + name)


@pytest.mark.parametrize("key", ["", "\ud800", 7, None])
def test_what_is_no_key_is_refused(key_value: KeyValueStoreClient, key: object) -> None:
    with pytest.raises(InvalidRequest):
        key_value.create_namespace("a").get(key)  # type: ignore[arg-type]


def test_two_stores_of_one_server_share_nothing(valkey: ValkeyServer, store_name: str) -> None:
    environments = [valkey.environment("MODELSTORE_KV", store=name) for name in (store_name, f"{store_name}-2")]
    one, two = (KeyValueStoreClient.from_environment(environ=environment) for environment in environments)
    one.create_namespace("a").put("k", b"1")
    assert two.namespaces() == []
    two.create_namespace("a")
    one.delete_namespace("a")
    assert two.namespaces() == ["a"]


def test_nothing_of_a_deleted_namespace_stays_on_the_server(valkey: ValkeyServer, store_name: str) -> None:
    client = KeyValueStoreClient.from_environment(environ=valkey.environment("MODELSTORE_KV", store=store_name))
    space = client.create_namespace("a")
    for number in range(520):
        space.put(str(number), b"v")
    client.delete_namespace("a")
    assert list(valkey.client().scan_iter(match=f"*{store_name}*")) == []


def test_a_deletion_that_broke_off_is_finished_by_the_next(
    valkey: ValkeyServer, store_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pulumi_modelstore_client.key_value.valkey_engine import ValkeyEngine

    client = KeyValueStoreClient.from_environment(environ=valkey.environment("MODELSTORE_KV", store=store_name))
    client.create_namespace("a").put("k", b"v")
    with monkeypatch.context() as patch:
        patch.setattr(ValkeyEngine, "_purge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            client.delete_namespace("a")
    assert client.namespaces() == []
    client.delete_namespace("another")
    assert list(valkey.client().scan_iter(match=f"*{store_name}*")) == []


def test_what_came_too_late_into_a_deleted_namespace_is_swept(
    moto_aws: MotoAws, store_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = dynamodb_environment(moto_aws, store_name)
    one, two = (KeyValueStoreClient.from_environment(environ=environment) for _ in range(2))
    held = one.create_namespace("a")
    two.delete_namespace("a")
    held.put("late", b"v")
    monkeypatch.setattr(dynamodb_engine, "KNOWN_SECONDS", 0)
    with pytest.raises(NotInStore):
        held.get("late")
    assert moto_aws.client("dynamodb").scan(TableName="workspace")["Count"] == 2
    monkeypatch.setattr(dynamodb_deletion, "SWEPT_AFTER_SECONDS", -1)
    two.delete_namespace("a")
    assert moto_aws.client("dynamodb").scan(TableName="workspace")["Count"] == 0


@pytest.mark.parametrize(
    ("reason", "deleted"), [("ConditionalCheckFailed", False), ("TransactionConflict", True)], ids=str
)
def test_a_deletion_that_met_another_request_is_made_again(
    moto_aws: MotoAws, store_name: str, reason: str, deleted: bool
) -> None:
    place = from_environment("MODELSTORE_KV", dynamodb_environment(moto_aws, store_name))
    engine = dynamodb_engine.DynamoDbEngine(place, USUAL, store=store_name)
    client = KeyValueStoreClient(engine)
    client.create_namespace("a").put("k", b"v")
    refuse_once(
        engine,
        "TransactWriteItems",
        {
            "Error": {"Code": "TransactionCanceledException", "Message": f"[{reason}, None]"},
            "CancellationReasons": [{"Code": reason}, {"Code": "None"}],
        },
    )
    assert client.delete_namespace("a") is deleted
    assert client.namespaces() == ([] if deleted else ["a"])


def test_a_namespace_is_created_while_somebody_deletes_it(moto_aws: MotoAws, store_name: str) -> None:
    place = from_environment("MODELSTORE_KV", dynamodb_environment(moto_aws, store_name))
    engine = dynamodb_engine.DynamoDbEngine(place, USUAL, store=store_name)
    refuse_once(engine, "PutItem", {"Error": {"Code": "TransactionConflictException", "Message": "in progress"}})
    KeyValueStoreClient(engine).create_namespace("a").put("k", b"v")


def test_a_deletion_that_the_service_has_no_room_for_is_an_error(moto_aws: MotoAws, store_name: str) -> None:
    place = from_environment("MODELSTORE_KV", dynamodb_environment(moto_aws, store_name))
    engine = dynamodb_engine.DynamoDbEngine(place, USUAL, store=store_name)
    client = KeyValueStoreClient(engine)
    client.create_namespace("a")
    refuse_once(
        engine,
        "TransactWriteItems",
        {
            "Error": {"Code": "TransactionCanceledException", "Message": "[ThrottlingError, None]"},
            "CancellationReasons": [{"Code": "ThrottlingError"}, {"Code": "None"}],
        },
    )
    with pytest.raises(StoreError, match=r"could not be deleted .*Try again later"):
        client.delete_namespace("a")
    assert client.namespaces() == ["a"]


def refuse_once(engine: dynamodb_engine.DynamoDbEngine, operation: str, answer: dict[str, Any]) -> None:
    """Have the next request of that operation end as the service ends one that meets another, which moto never does."""
    left = [answer]

    def refuse(**_: object) -> tuple[Any, dict[str, Any]] | None:
        return (AWSResponse("", 400, {}, None), left.pop()) if left else None

    engine._service.meta.events.register(f"before-call.dynamodb.{operation}", refuse)


def test_two_keys_of_one_digest_are_told_apart(moto_aws: MotoAws, store_name: str) -> None:
    place = from_environment("MODELSTORE_KV", dynamodb_environment(moto_aws, store_name))
    engine = dynamodb_engine.DynamoDbEngine(place, USUAL, store=store_name, digest=lambda key: key[:1])
    space = KeyValueStoreClient(engine).create_namespace("a")
    space.put("same", b"1")
    with pytest.raises(StoreError, match="another key has the same SHA-256"):
        space.put("share", b"2")
    assert space.get("share") is None
    assert space.delete("share") is False
    assert space.get("same") == b"1"
