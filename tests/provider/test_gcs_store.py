"""One bucket of Google Cloud Storage: objects, conditions, uploads in parts, the bucket itself."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import urllib.request
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import google_crc32c
import pytest

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
    UploadCorrupted,
    WriteConflict,
)
from pulumi_modelstore_provider.gcs.bucket import GcsBucket, open_bucket
from pulumi_modelstore_provider.gcs.composing import PLACE
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.stores import opening
from pulumi_modelstore_provider.stores.key_trial import await_key
from pulumi_modelstore_provider.stores.protocol import StoredPart
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.binaries import free_port
from servers.gcs import GcsServer


@pytest.fixture
def connection(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> GcsConnection:
    for name, value in gcs.environment().items():
        monkeypatch.setenv(name, value)
    return GcsConnection(endpoint=gcs.endpoint, project=gcs.project, location="EU", credentials="env:GCS")


@pytest.fixture
def bucket(gcs: GcsServer, connection: GcsConnection) -> Iterator[GcsBucket]:
    """A new bucket, by its administrator."""
    made = open_bucket(connection, f"store-{secrets.token_hex(6)}")
    made.create_bucket()
    yield made
    gcs.front.damages = gcs.front.unavailable = 0


def crc32c(body: bytes) -> str:
    return base64.b64encode(google_crc32c.value(body).to_bytes(4, "big")).decode()


def reader_of(gcs: GcsServer, bucket: str, *, role: str = "roles/storage.objectViewer") -> Credentials:
    account = gcs.iam.make_account(f"reader-{secrets.token_hex(4)}")
    gcs.iam.bindings.setdefault(bucket, []).append({"role": role, "members": [f"serviceAccount:{account}"]})
    return Credentials(account, gcs.iam.make_json_key(account, gcs.endpoint))


def test_object_is_written_and_told_of_with_one_etag(bucket: GcsBucket) -> None:
    body = b"weights"
    receipt = bucket.put("a/b c+%.txt", body, content_type="text/plain", metadata={"sha256": "00"})
    head = bucket.head("a/b c+%.txt")
    assert head is not None
    assert (head.size, dict(head.metadata), head.etag) == (len(body), {"sha256": "00"}, receipt.etag)
    assert head.sums == receipt.sums
    assert (receipt.sums.crc32c, receipt.sums.md5) == (crc32c(body), hashlib.md5(body).hexdigest())
    assert bucket.get("a/b c+%.txt") == (body, receipt.etag)
    assert [(item.key, item.size, item.etag) for item in bucket.list("a/")] == [
        ("a/b c+%.txt", len(body), receipt.etag)
    ]
    assert b"".join(bucket.stream("a/b c+%.txt", 3)) == body


def test_absent_objects_are_none_and_deleting_them_is_no_error(bucket: GcsBucket) -> None:
    assert bucket.head("nothing") is None
    assert bucket.get("nothing") is None
    bucket.put("there", b"", content_type="text/plain")
    bucket.delete(["nothing", "there", "neither"])
    assert list(bucket.list("")) == []
    bucket.delete([])


def test_conditional_writes(bucket: GcsBucket) -> None:
    first = bucket.put("tag", b"v1", content_type="text/plain", if_absent=True)
    with pytest.raises(WriteConflict):
        bucket.put("tag", b"v2", content_type="text/plain", if_absent=True)
    found = bucket.get("tag")
    assert found == (b"v1", first.etag)
    second = bucket.put("tag", b"v2", content_type="text/plain", if_etag=first.etag)
    with pytest.raises(WriteConflict):
        bucket.put("tag", b"v3", content_type="text/plain", if_etag=first.etag)
    assert bucket.get("tag") == (b"v2", second.etag)


def test_damage_on_the_way_is_refused_by_the_store_and_sent_again(gcs: GcsServer, bucket: GcsBucket) -> None:
    gcs.front.damages = 2
    bucket.put("small", b"x" * 100, content_type="text/plain")
    gcs.front.damages = 2
    body = bytes(9 << 20)
    bucket.put("resumable", body, content_type="text/plain")
    assert gcs.front.damages == 0
    assert bucket.get("small") is not None
    assert bucket.get("resumable") == (body, bucket.head("resumable").etag)  # type: ignore[union-attr]


def test_what_is_always_damaged_ends_in_an_error_and_leaves_nothing(gcs: GcsServer, bucket: GcsBucket) -> None:
    gcs.front.damages = 1000
    with pytest.raises(UploadCorrupted, match="damaged on its way 4 times"):
        bucket.put("small", b"x" * 100, content_type="text/plain")
    gcs.front.damages = 0
    assert list(bucket.list("")) == []


def test_parts_become_one_object_and_go(bucket: GcsBucket) -> None:
    upload = bucket.begin("m/w.bin", content_type="text/x-weights", metadata={"sha256": "11"})
    assert list(bucket.open_uploads("m/")) == [upload]
    assert list(bucket.open_uploads("other/")) == []
    bodies = [bytes([number]) * 5 for number in range(70)]
    sent = [bucket.send_part(upload, number, body) for number, body in enumerate(bodies, 1)]
    assert sent[0] == StoredPart(1, 5, hashlib.md5(bodies[0]).hexdigest())
    assert bucket.stored_parts(upload) == {part.number: part for part in sent}
    assert list(bucket.list("m/")) == []
    bucket.complete(upload, sent, crc32=None, if_absent=True)
    head = bucket.head("m/w.bin")
    assert head is not None
    assert (head.size, dict(head.metadata), head.sums.crc32c) == (350, {"sha256": "11"}, crc32c(b"".join(bodies)))
    assert bucket.handle.get_blob("m/w.bin").content_type == "text/x-weights"
    assert [item.key for item in bucket.list("")] == ["m/w.bin"]


def test_somebody_else_s_object_is_not_composed_over(bucket: GcsBucket) -> None:
    upload = bucket.begin("w.bin", content_type="text/plain", metadata={})
    part = bucket.send_part(upload, 1, b"mine")
    bucket.put("w.bin", b"theirs", content_type="text/plain")
    with pytest.raises(WriteConflict):
        bucket.complete(upload, [part], crc32=None, if_absent=True)
    assert bucket.get("w.bin") is not None
    assert bucket.stored_parts(upload) == {1: part}
    bucket.complete(upload, [part], crc32=None, if_absent=False)
    assert b"".join(bucket.stream("w.bin")) == b"mine"


def test_upload_that_is_gone_is_said_to_be(bucket: GcsBucket) -> None:
    upload = bucket.begin("w.bin", content_type="text/plain", metadata={})
    part = bucket.send_part(upload, 1, b"mine")
    bucket.abort(upload)
    bucket.abort(upload)
    assert bucket.stored_parts(upload) == {}
    late = bucket.send_part(upload, 2, b"late")
    with pytest.raises(NotInStore, match="it is gone"):
        bucket.complete(upload, [part, late], crc32=None, if_absent=True)
    assert list(bucket.list("")) == []


def test_part_that_somebody_overwrote_is_noticed(bucket: GcsBucket) -> None:
    upload = bucket.begin("w.bin", content_type="text/plain", metadata={})
    part = bucket.send_part(upload, 1, b"mine")
    bucket.send_part(upload, 1, b"else")
    with pytest.raises(StoreRefused) as refused:
        bucket.complete(upload, [part], crc32=None, if_absent=True)
    assert refused.value.code == "InvalidPart"
    assert bucket.head("w.bin") is None


def test_oldest_upload_comes_first(bucket: GcsBucket) -> None:
    begun = [bucket.begin("w.bin", content_type="text/plain", metadata={}) for _ in range(3)]
    assert list(bucket.open_uploads("")) == begun


def test_bucket_is_created_once_and_its_rules_kept(gcs: GcsServer, bucket: GcsBucket) -> None:
    bucket.create_bucket()
    assert bucket.bucket_exists()
    made = gcs.client().get_bucket(bucket.bucket)
    assert made.iam_configuration.uniform_bucket_level_access_enabled
    assert made.iam_configuration.public_access_prevention == "enforced"
    made.add_lifecycle_delete_rule(age=400, matches_prefix=["logs/"])
    made.patch()
    for days in (7, 7, 9):
        bucket.abort_uploads_after(days)
    rules = [dict(rule) for rule in gcs.client().get_bucket(bucket.bucket).lifecycle_rules]
    assert [(rule["action"]["type"], rule["condition"]) for rule in rules] == [
        ("Delete", {"age": 400, "matchesPrefix": ["logs/"]}),
        ("AbortIncompleteMultipartUpload", {"age": 9}),
        ("Delete", {"age": 9, "matchesPrefix": [PLACE]}),
    ]


def test_name_that_is_taken(gcs: GcsServer, connection: GcsConnection) -> None:
    taken = f"taken-{secrets.token_hex(4)}"
    gcs.front.foreign.add(taken)
    theirs = open_bucket(connection, taken)
    with pytest.raises(ModelstoreError, match=r"name is taken.*adopt=True"):
        theirs.create_bucket()
    with pytest.raises(StoreRefused, match=r"403.*role takes minutes"):
        theirs.bucket_exists()


def test_missing_bucket(connection: GcsConnection) -> None:
    missing = open_bucket(connection, "no-such-bucket")
    assert not missing.bucket_exists()
    with pytest.raises(NotInStore, match=r"gs://no-such-bucket.*Check the bucket's name"):
        missing.probe("")
    with pytest.raises(NotInStore):
        missing.put("a", b"", content_type="text/plain")


def test_key_opens_what_its_account_may_do_and_nothing_else(
    gcs: GcsServer, bucket: GcsBucket, connection: GcsConnection
) -> None:
    bucket.put("a", b"1", content_type="text/plain")
    other = open_bucket(connection, f"other-{secrets.token_hex(4)}")
    other.create_bucket()
    key = reader_of(gcs, bucket.bucket)
    mine = opening.open_bucket(connection, bucket.bucket, credentials=key)
    assert mine.get("a") == (b"1", bucket.head("a").etag)  # type: ignore[union-attr]
    mine.probe("")
    denied = opening.open_bucket(connection, other.bucket, credentials=key)
    for attempt in (lambda: denied.probe(""), lambda: mine.put("b", b"", content_type="text/plain")):
        with pytest.raises(StoreRefused, match="does not have") as refused:
            attempt()
        assert (refused.value.status, refused.value.code) == (403, "forbidden")


def test_deleted_key_is_refused_as_one(gcs: GcsServer, bucket: GcsBucket, connection: GcsConnection) -> None:
    key = reader_of(gcs, bucket.bucket)
    gcs.iam.delete_json_key(json.loads(key.secret_access_key)["private_key_id"])
    with pytest.raises(StoreRefused, match=r"invalid_grant.*Check the service account and its key") as refused:
        open_bucket(connection, bucket.bucket, credentials=key).probe("")
    assert (refused.value.status, refused.value.code) == (401, "invalid_grant")


def test_role_is_waited_for(gcs: GcsServer, bucket: GcsBucket, connection: GcsConnection) -> None:
    key = reader_of(gcs, bucket.bucket)
    roles = gcs.iam.bindings.pop(bucket.bucket)
    pauses: list[float] = []

    def grant(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            gcs.iam.bindings[bucket.bucket] = roles

    assert await_key(connection, bucket.bucket, "", key, sleep=grant) == 5


def test_id_of_the_key_will_do_in_the_place_of_its_account(
    gcs: GcsServer, bucket: GcsBucket, connection: GcsConnection
) -> None:
    key = reader_of(gcs, bucket.bucket)
    by_id = Credentials(json.loads(key.secret_access_key)["private_key_id"], key.secret_access_key)
    open_bucket(connection, bucket.bucket, credentials=by_id).probe("")
    mixed = Credentials("somebody@else.iam.gserviceaccount.com", key.secret_access_key)
    with pytest.raises(CredentialsUnavailable, match="not of one account"):
        open_bucket(connection, bucket.bucket, credentials=mixed)


def test_secret_that_is_no_json_key(connection: GcsConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    key = json.loads(json.dumps({"type": "service_account", "client_email": "a@b", "private_key": "bm9uZQ"}))
    for text in ("GOOG1EXAMPLE/secret", "[]", json.dumps(key), json.dumps({"type": "authorized_user"})):
        monkeypatch.setenv("GCS_ACCESS_KEY_ID", "a@b")
        monkeypatch.setenv("GCS_SECRET_ACCESS_KEY", text)
        with pytest.raises(CredentialsUnavailable, match="JSON key") as refused:
            open_bucket(connection, "any-bucket")
        assert text not in str(refused.value)


def test_default_credentials_of_a_key_file(
    gcs: GcsServer, bucket: GcsBucket, connection: GcsConnection, monkeypatch: pytest.MonkeyPatch, tmp_path_factory
) -> None:
    """Without TLS none are sent; with it, those that the machine has."""
    anonymous = connection.model_copy(update={"credentials": "default"})
    with pytest.raises(StoreRefused) as refused:
        open_bucket(anonymous, bucket.bucket).probe("")
    assert refused.value.status == 401
    file = tmp_path_factory.mktemp("key") / "key.json"
    file.write_text(gcs.deployer)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    google = open_bucket(GcsConnection(), bucket.bucket)
    assert google.client._credentials.service_account_email == json.loads(gcs.deployer)["client_email"]
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file.with_name("none.json")))
    with pytest.raises(CredentialsUnavailable, match="application-default login"):
        open_bucket(GcsConnection(), bucket.bucket)


def test_busy_store_is_asked_again(gcs: GcsServer, bucket: GcsBucket) -> None:
    gcs.front.unavailable = 2
    bucket.put("a", b"1", content_type="text/plain", if_absent=True)
    assert gcs.front.unavailable == 0


def test_store_that_stays_busy(gcs: GcsServer, connection: GcsConnection, bucket: GcsBucket) -> None:
    with limited(TimeLimits(attempts=2)):
        impatient = open_bucket(connection, bucket.bucket)
    gcs.front.unavailable = 2
    with pytest.raises(StoreRefused, match=r"503.*Run again later"):
        impatient.probe("")


def test_nobody_listens(connection: GcsConnection) -> None:
    with limited(TimeLimits(attempts=2)):
        nowhere = open_bucket(
            connection.model_copy(update={"endpoint": f"http://127.0.0.1:{free_port()}"}), "any-bucket"
        )
    with pytest.raises(StoreUnreachable, match="Check the endpoint and the network"):
        nowhere.probe("")


def test_tls_where_there_is_none(gcs: GcsServer, connection: GcsConnection) -> None:
    with limited(TimeLimits(attempts=1)):
        secure = open_bucket(
            connection.model_copy(update={"endpoint": gcs.endpoint.replace("http:", "https:")}), "any-bucket"
        )
    with pytest.raises(StoreUnreachable, match="ca_bundle"):
        secure.probe("")


def test_ca_bundle_that_is_not_there(connection: GcsConnection) -> None:
    with pytest.raises(ModelstoreError, match=r"/no/such\.pem' is not there"):
        open_bucket(connection.model_copy(update={"ca_bundle": "/no/such.pem"}), "any-bucket")


def test_signed_url_reads_without_keys(gcs: GcsServer, bucket: GcsBucket, connection: GcsConnection) -> None:
    bucket.put("a b", b"signed", content_type="text/plain")
    url = bucket.presigned_url("a b", seconds=60)
    query = parse_qs(urlsplit(url).query)
    assert query["X-Goog-Expires"] == ["60"]
    assert query["X-Goog-Credential"][0].startswith(json.loads(gcs.deployer)["client_email"])
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"signed"
    with pytest.raises(ModelstoreError, match="604800"):
        bucket.presigned_url("a b", seconds=604_801)
    anonymous = open_bucket(connection.model_copy(update={"credentials": "default"}), bucket.bucket)
    with pytest.raises(ModelstoreError, match="hold no private key"):
        anonymous.presigned_url("a b", seconds=60)


def test_missing_package_names_the_extra(connection: GcsConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "google.cloud.storage", None)
    monkeypatch.delattr("google.cloud.storage", raising=False)
    with pytest.raises(ModelstoreError, match=r"pulumi-modelstore\[gcp\]"):
        opening.open_bucket(connection, "any-bucket")
