"""Principals and keys on a real MinIO, as the resources ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest
from minio.error import MinioAdminException

from provider.minio_keys import Bucket, answer, bucket_on, unused_name
from provider.recording_proxy import Answer, Cut, Exchange, recording_proxy
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.keys.minio import Settings
from pulumi_modelstore_provider.keys.minio_policy import POLICY_BYTES, bytes_of, policy_of
from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from servers.minio import MinioServer, minio_server

ADMINISTRATOR = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "admin:AttachUserOrGroupPolicy",
                "admin:CreatePolicy",
                "admin:CreateServiceAccount",
                "admin:CreateUser",
                "admin:DeletePolicy",
                "admin:DeleteUser",
                "admin:GetPolicy",
                "admin:GetUser",
                "admin:ListServiceAccounts",
                "admin:RemoveServiceAccount",
                "admin:UpdateServiceAccount",
            ],
        }
    ],
}
"""All that the administrator's key has to be allowed."""


@pytest.fixture
def bucket(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", minio.access_key_id)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", minio.secret_access_key)
    return bucket_on(minio)


def key_inputs(bucket: Bucket, principal: str, slot: str, generation: int) -> dict[str, Any]:
    return {
        "issuer": bucket.settings.model_dump(by_alias=True, exclude_none=True),
        "principal": principal,
        "bucket": bucket.name,
        "slot": slot,
        "generation": generation,
        "namespace": "models",
    }


def test_writer_reaches_its_bucket_and_no_other(bucket: Bucket) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    assert principal == f"{bucket.consumer}@{bucket.name}"
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)

    other = bucket_on(bucket.server).name
    for call, arguments, expected in (
        ("head_bucket", {}, "ok"),
        ("get_bucket_location", {}, "ok"),
        ("list_objects_v2", {}, "ok"),
        ("put_object", {"Key": "team/b", "Body": b"x"}, "ok"),
        ("get_object", {"Key": "team/b"}, "ok"),
        ("delete_object", {"Key": "team/b"}, "ok"),
        ("create_multipart_upload", {"Key": "team/c"}, "ok"),
        ("list_multipart_uploads", {"Prefix": "team/c"}, "ok"),
        ("get_object", {"Key": "team/a", "Bucket": other}, "AccessDenied"),
        ("put_object", {"Key": "team/a", "Bucket": other, "Body": b"x"}, "AccessDenied"),
        ("list_objects_v2", {"Bucket": other}, "AccessDenied"),
        ("create_bucket", {"Bucket": unused_name()}, "AccessDenied"),
        ("delete_bucket", {}, "AccessDenied"),
    ):
        assert (call, answer(bucket, key, call, **arguments)) == (call, expected)


def test_reader_of_a_prefix_writes_nothing_and_reads_nothing_else(bucket: Bucket) -> None:
    scope = bucket.reading(prefix="team/")
    principal = bucket.issuer.ensure_principal(bucket.consumer, scope)
    key = bucket.issuer.create_key(principal, scope, slot="key", generation=0)
    assert answer(bucket, key, "get_object", Key="team/a") == "ok"
    assert answer(bucket, key, "head_bucket") == "ok"
    assert answer(bucket, key, "get_object", Key="other/a") == "AccessDenied"
    assert answer(bucket, key, "put_object", Key="team/a", Body=b"x") == "AccessDenied"
    assert answer(bucket, key, "delete_object", Key="team/a") == "AccessDenied"


def test_changed_scope_holds_for_the_keys_that_are_there(bucket: Bucket) -> None:
    provider = PrincipalProvider()
    inputs = {
        "issuer": bucket.settings.model_dump(by_alias=True, exclude_none=True),
        "principalName": bucket.consumer,
        "bucket": bucket.name,
        "prefix": "team",
        "readOnly": False,
        "namespace": "models",
    }
    created = provider.create(inputs)
    assert provider.create(inputs).outs == created.outs
    assert created.outs is not None
    assert provider.diff(created.id, created.outs, inputs).changes is False
    key = bucket.issuer.create_key(created.id, bucket.scope, slot="even", generation=0)
    assert answer(bucket, key, "put_object", Key="team/b", Body=b"x") == "ok"

    news = inputs | {"prefix": "other", "readOnly": True}
    changed = provider.diff(created.id, created.outs, news)
    assert changed.changes is True
    assert not changed.replaces
    updated = provider.update(created.id, created.outs, news)
    assert updated.outs is not None
    assert updated.outs["principal"] == created.id
    assert answer(bucket, key, "put_object", Key="team/b", Body=b"x") == "AccessDenied"
    assert answer(bucket, key, "get_object", Key="team/a") == "AccessDenied"
    assert answer(bucket, key, "get_object", Key="other/a") == "ok"

    assert provider.read(created.id, updated.outs).id == created.id
    provider.delete(created.id, updated.outs)
    assert provider.read(created.id, updated.outs).id == ""
    provider.delete(created.id, updated.outs)


def test_deleting_a_principal_leaves_bucket_and_objects(bucket: Bucket) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    keys = [issuer.create_key(principal, bucket.scope, slot="even", generation=0)]
    keys.append(issuer.create_key(principal, bucket.scope, slot="odd", generation=1))
    before = bucket.digests()
    issuer.delete_principal(principal, bucket.scope)
    assert [answer(bucket, key, "get_object", Key="team/a") for key in keys] == ["InvalidAccessKeyId"] * 2
    assert principal not in bucket.server.users()
    assert principal not in bucket.server.policies()
    assert issuer.keys(principal) == []
    assert bucket.digests() == before
    assert len(before) == 2
    issuer.delete_principal(principal, bucket.scope)


def test_policy_that_others_were_given_too_is_not_taken_from_them(bucket: Bucket) -> None:
    issuer, admin, other = bucket.issuer, bucket.server.admin(), unused_name()
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    admin.user_add(other, "somebody-s-own-secret")
    admin.attach_policy([principal], user=other)
    with pytest.raises(StoreRefused, match="Detach the policy"):
        issuer.delete_principal(principal, bucket.scope)
    admin.detach_policy([principal], user=other)
    issuer.delete_principal(principal, bucket.scope)
    assert principal not in bucket.server.policies()


def test_user_made_elsewhere_is_left_alone(bucket: Bucket) -> None:
    name = f"{bucket.consumer}@{bucket.name}"
    admin = bucket.server.admin()
    admin.user_add(name, "somebody-s-own-secret")
    admin.attach_policy(["readwrite"], user=name)
    with pytest.raises(ModelstoreError, match=r"name of the principal .* is taken.*another name"):
        bucket.issuer.ensure_principal(bucket.consumer, bucket.scope)
    assert name not in bucket.server.policies()
    assert json.loads(admin.user_info(name))["policyName"] == "readwrite"


@pytest.mark.parametrize("left", ["policy", "user"])
def test_half_made_principal_is_repaired(bucket: Bucket, left: str) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    admin = bucket.server.admin()
    if left == "policy":
        admin.user_remove(principal)
    else:
        admin.detach_policy([principal], user=principal)
    assert issuer.ensure_principal(bucket.consumer, bucket.scope) == principal
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    assert answer(bucket, key, "get_object", Key="team/a") == "ok"


def test_two_stacks_with_one_consumer_s_name_do_not_meet(bucket: Bucket) -> None:
    other = bucket_on(bucket.server)
    here = bucket.issuer.ensure_principal("readers", bucket.scope)
    key = bucket.issuer.create_key(here, bucket.scope, slot="even", generation=0)
    there = bucket.issuer.ensure_principal("readers", other.scope)
    other_key = bucket.issuer.create_key(there, other.scope, slot="even", generation=0)
    assert key.access_key_id != other_key.access_key_id
    bucket.issuer.delete_principal(there, other.scope)
    assert answer(bucket, key, "get_object", Key="team/a") == "ok"


def test_third_key_is_refused_with_the_ids_of_both(bucket: Bucket) -> None:
    provider = StoreAccessKeyProvider()
    principal = bucket.issuer.ensure_principal(bucket.consumer, bucket.scope)
    two = [provider.create(key_inputs(bucket, principal, slot, number)) for slot, number in (("even", 0), ("odd", 1))]
    with pytest.raises(ModelstoreError) as refusal:
        provider.create(key_inputs(bucket, principal, "even", 2))
    assert {key.id for key in two} == {
        word for word in str(refusal.value).split() if word in bucket.server.keys(principal)
    }
    assert bucket.server.keys(principal) == {key.id for key in two}

    for key in two:
        assert key.outs is not None
        assert key.outs["secretAccessKey"] not in str(refusal.value)
    provider.delete(two[0].id, two[0].outs or {})
    third = provider.create(key_inputs(bucket, principal, "even", 2))
    assert bucket.server.keys(principal) == {two[1].id, third.id}


def test_deleted_key_is_refused_at_once(bucket: Bucket) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    kept = issuer.create_key(principal, bucket.scope, slot="odd", generation=1)
    assert answer(bucket, key, "get_object", Key="team/a") == "ok"
    issuer.delete_key(principal, key.access_key_id)
    assert answer(bucket, key, "get_object", Key="team/a") == "InvalidAccessKeyId"
    assert answer(bucket, kept, "get_object", Key="team/a") == "ok"
    issuer.delete_key(principal, key.access_key_id)
    provider = StoreAccessKeyProvider()
    props = key_inputs(bucket, principal, "even", 0)
    assert provider.read(key.access_key_id, props).id == ""
    assert provider.read(kept.access_key_id, props).id == kept.access_key_id


def test_key_that_was_created_and_not_recorded_is_taken_over(bucket: Bucket) -> None:
    """A crash after the store's answer: the second run gets the same key, with a secret part that it knows."""
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    issuer.create_key(principal, bucket.scope, slot="odd", generation=1)
    lost = issuer.create_key(principal, bucket.scope, slot="even", generation=2)
    again = StoreAccessKeyProvider().create(key_inputs(bucket, principal, "even", 2))
    assert again.outs is not None
    assert again.id == lost.access_key_id
    assert len(bucket.server.keys(principal)) == 2
    assert answer(bucket, lost, "get_object", Key="team/a") == "SignatureDoesNotMatch"
    found = type(lost)(again.outs["accessKeyId"], again.outs["secretAccessKey"])
    assert answer(bucket, found, "get_object", Key="team/a") == "ok"


def test_key_whose_answer_was_lost_is_taken_over(bucket: Bucket) -> None:
    """The connection breaks after MinIO has made the key: the repeated request finds it taken."""
    principal = bucket.issuer.ensure_principal(bucket.consumer, bucket.scope)
    lost: list[str] = []

    def lose(exchange: Exchange, answer: Answer) -> Answer:
        if "add-service-account" in exchange.path and not lost:
            lost.append(exchange.path)
            raise Cut
        return answer

    with recording_proxy(bucket.server.endpoint) as proxy:
        proxy.after = lose
        issuer = Settings(endpoint=proxy.endpoint, credentials="env:MINIO_ADMIN").open(None)
        key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    assert lost
    assert bucket.server.keys(principal) == {key.access_key_id}
    assert answer(bucket, key, "get_object", Key="team/a") == "ok"


def test_key_that_somebody_disabled_is_not_handed_out_dead(bucket: Bucket) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    bucket.server.admin().update_service_account(access_key=key.access_key_id, status="off")
    assert answer(bucket, key, "get_object", Key="team/a") != "ok"
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    assert answer(bucket, key, "get_object", Key="team/a") == "ok"


def test_key_issues_no_further_keys(bucket: Bucket) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    admin = bucket.server.admin(key=(key.access_key_id, key.secret_access_key))
    with pytest.raises(MinioAdminException, match="AccessDenied"):
        admin.add_service_account(access_key="one-more", secret_key="one-more-secret")
    with pytest.raises(MinioAdminException, match="AccessDenied"):
        admin.update_service_account(access_key=key.access_key_id, description="mine")
    assert bucket.server.keys(principal) == {key.access_key_id}


def test_key_of_a_user_that_is_gone_says_what_to_do(bucket: Bucket) -> None:
    with pytest.raises(NotInStore, match=r"pulumi refresh.*deleted outside of the stack"):
        bucket.issuer.create_key(f"nobody@{bucket.name}", bucket.scope, slot="even", generation=0)


def test_administrator_needs_no_more_than_these_rights(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    name = unused_name()
    admin = bucket.server.admin()
    admin.policy_add(name, policy=ADMINISTRATOR)
    admin.user_add(name, "administrator-secret")
    admin.attach_policy([name], user=name)
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", name)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", "administrator-secret")
    issuer = bucket.issuer
    for _ in range(2):
        principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
        key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    assert issuer.left_over(principal, slot="even", generation=0) == [key.access_key_id]
    assert answer(bucket, key, "get_object", Key="team/a") == "ok"
    issuer.delete_key(principal, key.access_key_id)
    issuer.delete_principal(principal, bucket.scope)
    assert not issuer.principal_exists(principal)


def test_longest_names_are_taken_and_their_policy_is_short_enough(bucket: Bucket) -> None:
    scope = Scope("b" + "x" * 62, "/".join(["p" * 63] * 8))
    assert bytes_of(policy_of(scope)) <= POLICY_BYTES
    bucket.server.client().create_bucket(Bucket=scope.bucket)
    principal = bucket.issuer.ensure_principal("c" + "x" * 62, scope)
    key = bucket.issuer.create_key(principal, scope, slot="even", generation=10**9)
    allowed = Bucket(bucket.server, scope.bucket)
    assert answer(allowed, key, "put_object", Key=f"{scope.prefix}/a", Body=b"x") == "ok"
    assert answer(allowed, key, "put_object", Key="a", Body=b"x") == "AccessDenied"


def test_key_whose_id_is_somebody_else_s_is_refused(bucket: Bucket) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    issuer.delete_key(principal, key.access_key_id)
    bucket.server.admin().user_add(key.access_key_id, "somebody-s-own-secret")
    with pytest.raises(StoreRefused, match="taken"):
        issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    assert issuer.keys(principal) == []


def test_audit_names_the_consumer(monkeypatch: pytest.MonkeyPatch) -> None:
    with _audit_receiver() as (address, entries):
        settings = {"MINIO_AUDIT_WEBHOOK_ENABLE_TESTS": "on", "MINIO_AUDIT_WEBHOOK_ENDPOINT_TESTS": address}
        with minio_server(settings=settings) as server:
            monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", server.access_key_id)
            monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", server.secret_access_key)
            bucket = bucket_on(server)
            principal = bucket.issuer.ensure_principal("model-readers", bucket.scope)
            key = bucket.issuer.create_key(principal, bucket.scope, slot="odd", generation=3)
            assert answer(bucket, key, "get_object", Key="team/a") == "ok"
            while (entry := entries.get(timeout=20)).get("accessKey") != key.access_key_id:
                pass
    assert entry["parentUser"] == f"model-readers@{bucket.name}"
    assert (entry["api"]["name"], entry["api"]["bucket"], entry["api"]["object"]) == (
        "GetObject",
        bucket.name,
        "team/a",
    )


@contextmanager
def _audit_receiver() -> Iterator[tuple[str, SimpleQueue[Any]]]:
    entries: SimpleQueue[Any] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            for line in body.splitlines():
                if line.strip():
                    entries.put(json.loads(line))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.daemon_threads = True
    thread = Thread(target=receiver.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{receiver.server_address[1]}/", entries
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join()
