"""What Ceph refuses, and what a user is told then: the reason, the remedy, the namespace, and no secret."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from provider.ceph_place import CephPlace, ceph_place
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from servers.binaries import free_port
from servers.ceph import CephKey, CephServer

WRONG = "not-the-right-secret-of-anybody"


@pytest.fixture
def place(ceph: CephServer, monkeypatch: pytest.MonkeyPatch) -> CephPlace:
    return ceph_place(ceph, monkeypatch)


def as_administrator(environment: pytest.MonkeyPatch, key: CephKey) -> None:
    environment.setenv("ADMIN_ACCESS_KEY_ID", key.access_key_id)
    environment.setenv("ADMIN_SECRET_ACCESS_KEY", key.secret_access_key)


def as_owner(environment: pytest.MonkeyPatch, key: CephKey) -> None:
    environment.setenv("OWNER_ACCESS_KEY_ID", key.access_key_id)
    environment.setenv("OWNER_SECRET_ACCESS_KEY", key.secret_access_key)


def told(call: Callable[..., Any], *arguments: Any, kind: type[ModelstoreError] = ModelstoreError) -> str:
    """The message of the refusal; it names the namespace and holds no secret of these tests."""
    with pytest.raises(kind) as refusal:
        call(*arguments)
    message = str(refusal.value)
    assert "namespace models" in message
    assert "secret-for-tests" not in message
    assert WRONG not in message
    return message


def bucket(place: CephPlace, name: str | None = None, **inputs: Any) -> dict[str, Any]:
    return {
        "connection": {"endpoint": place.server.endpoint, "credentials": "env:OWNER"},
        "bucket": name or place.bucket,
        "namespace": "models",
        "abortUploadsAfterDays": 7,
        **inputs,
    }


def an_hour_behind(environment: pytest.MonkeyPatch) -> None:
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    # Signatures take their time from here; this machine's own clock stays.
    environment.setattr("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: past.replace(tzinfo=None))


def test_a_bucket_is_created_once_and_outlives_its_resource(place: CephPlace) -> None:
    provider, props = BucketProvider(), bucket(place, f"{place.bucket}-new")
    for _ in range(2):
        made = provider.create(props)
        assert made.id == f"{place.bucket}-new"
    (rule,) = place.owner.get_bucket_lifecycle_configuration(Bucket=made.id)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    place.owner.put_object(Bucket=made.id, Key="a", Body=b"kept")
    provider.delete(made.id, props)
    assert place.owner.get_object(Bucket=made.id, Key="a")["Body"].read() == b"kept"
    assert provider.read(made.id, props).id == made.id


def test_an_adopted_bucket_is_not_changed(place: CephPlace) -> None:
    place.owner.put_object(Bucket=place.bucket, Key="a", Body=b"there before")
    props = bucket(place, adopt=True)
    del props["abortUploadsAfterDays"]
    assert BucketProvider().create(props).id == place.bucket
    with pytest.raises(place.owner.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        place.owner.get_bucket_lifecycle_configuration(Bucket=place.bucket)
    missing = told(BucketProvider().create, bucket(place, f"{place.bucket}-none", adopt=True))
    assert "does not exist" in missing
    assert "adopt=False" in missing


def test_a_bucket_of_somebody_else(place: CephPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    as_owner(monkeypatch, place.server.new_user(f"stranger-{place.bucket}"))
    created = told(BucketProvider().create, bucket(place))
    assert "the name is taken" in created
    assert "Choose another name" in created
    adopted = told(BucketProvider().create, bucket(place, adopt=True))
    assert "AccessDenied" in adopted
    assert "whose bucket it is" in adopted


@pytest.mark.parametrize(
    ("secret", "key_id", "expected"),
    [
        (WRONG, None, "SignatureDoesNotMatch.*secret access key"),
        (WRONG, "NOBODY", "InvalidAccessKeyId.*access key id"),
    ],
)
def test_wrong_credentials_of_the_owner(
    place: CephPlace, monkeypatch: pytest.MonkeyPatch, secret: str, key_id: str | None, expected: str
) -> None:
    owner = place.server.owner
    as_owner(monkeypatch, CephKey(owner.user, key_id or owner.access_key_id, secret))
    with pytest.raises(StoreRefused, match=expected):
        BucketProvider().create(bucket(place, f"{place.bucket}-new"))


@pytest.mark.parametrize(
    ("secret", "key_id", "expected"),
    [
        (WRONG, None, "SignatureDoesNotMatch (HTTP 403). Check the secret key that admin_credentials refer to"),
        (WRONG, "NOBODY", "InvalidAccessKeyId (HTTP 403). Check the access key id that admin_credentials refer to"),
    ],
)
def test_wrong_credentials_of_the_administrator(
    place: CephPlace, monkeypatch: pytest.MonkeyPatch, secret: str, key_id: str | None, expected: str
) -> None:
    administrator = place.server.administrator
    as_administrator(monkeypatch, CephKey("", key_id or administrator.access_key_id, secret))
    message = told(PrincipalProvider().create, place.principal(), kind=StoreRefused)
    assert expected in message
    assert f"readers@{place.bucket}" in message


def test_credentials_that_lead_nowhere(place: CephPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADMIN_SECRET_ACCESS_KEY")
    message = told(PrincipalProvider().create, place.principal(), kind=CredentialsUnavailable)
    assert "ADMIN_SECRET_ACCESS_KEY not set" in message


@pytest.mark.parametrize("capabilities", ["buckets=*", "users=read"])
def test_missing_capabilities(place: CephPlace, monkeypatch: pytest.MonkeyPatch, capabilities: str) -> None:
    name = f"helper-{capabilities.partition('=')[0]}-{place.bucket}"
    as_administrator(monkeypatch, place.server.new_user(name, user_caps=capabilities))
    message = told(PrincipalProvider().create, place.principal(), kind=StoreRefused)
    assert "AccessDenied" in message
    assert "radosgw-admin caps add" in message
    assert "users=*" in message
    assert place.statements() == []


def test_the_owner_may_be_the_administrator(place: CephPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    both = place.server.new_user(f"both-{place.bucket}", user_caps="users=*")
    as_owner(monkeypatch, both)
    name = f"{place.bucket}-own"
    BucketProvider().create(bucket(place, name))
    issuer = place.issuer()
    del issuer["adminCredentials"]
    principal = place.made(bucket=name, issuer=issuer)
    place.client(place.key(principal, "even", 0, bucket=name, issuer=issuer)).list_objects_v2(Bucket=name)


@pytest.mark.parametrize("settings", [{"adminPath": "adm"}, {"adminPath": "admin.html"}])
def test_another_path_than_the_apis(place: CephPlace, settings: dict[str, str]) -> None:
    message = told(PrincipalProvider().create, place.principal(issuer=place.issuer(**settings)))
    assert "admin_path" in message
    assert "rgw_admin_entry" in message


def test_nobody_listens(place: CephPlace) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    issuer = place.issuer(adminEndpoint=nowhere)
    message = told(PrincipalProvider().create, place.principal(issuer=issuer), kind=StoreUnreachable)
    assert nowhere in message
    connection = {"endpoint": nowhere, "credentials": "env:OWNER"}
    told(BucketProvider().create, bucket(place, connection=connection), kind=StoreUnreachable)


def test_tls_where_there_is_none(place: CephPlace) -> None:
    issuer = place.issuer(adminEndpoint=place.server.endpoint.replace("http:", "https:"))
    message = told(PrincipalProvider().create, place.principal(issuer=issuer), kind=StoreUnreachable)
    assert "speaks TLS at all" in message


def test_a_clock_that_is_an_hour_behind(place: CephPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    an_hour_behind(monkeypatch)
    for call, props in ((PrincipalProvider().create, place.principal()), (BucketProvider().create, bucket(place))):
        message = told(call, props, kind=StoreRefused)
        assert "RequestTimeTooSkewed" in message
        assert "Set the clock" in message


def test_a_suspended_user_stays_suspended(place: CephPlace) -> None:
    principal = place.made()
    key = place.key(principal, "even", 0)
    place.server.admin("POST", "user", {"uid": principal, "suspended": "True"})
    for call in (place.made, lambda: place.key(principal, "odd", 1)):
        message = told(call)
        assert "is suspended" in message
        assert f"radosgw-admin user enable --uid='{principal}'" in message
    assert place.server.admin("GET", "user", {"uid": principal})["suspended"] == 1
    # What is to go goes all the same.
    StoreAccessKeyProvider().delete(key["accessKeyId"], key)
    PrincipalProvider().delete(principal, place.principal())
    assert principal not in place.server.users()


def test_a_user_that_was_made_elsewhere_is_left_alone(place: CephPlace) -> None:
    theirs = place.server.new_user(f"readers@{place.bucket}")
    for call in (
        place.made,
        lambda: place.key(theirs.user, "even", 0),
        lambda: PrincipalProvider().delete(theirs.user, place.principal()),
    ):
        message = told(call)
        assert "was not made here" in message
        assert "another name" in message
    assert place.server.keys(theirs.user) == {theirs.access_key_id}
    assert place.statements() == []


def test_a_user_with_buckets_is_not_deleted(place: CephPlace) -> None:
    principal = place.made()
    place.server.admin("POST", "user", {"uid": principal, "max-buckets": "1"})
    key = place.key(principal, "even", 0)
    place.client(key).create_bucket(Bucket=f"{place.bucket}-of-user")
    message = told(PrincipalProvider().delete, principal, place.principal())
    assert "radosgw-admin bucket link" in message
    place.client(key).head_bucket(Bucket=f"{place.bucket}-of-user")


def test_a_user_that_was_deleted_by_hand(place: CephPlace) -> None:
    principal = place.made()
    key = place.key(principal, "even", 0)
    place.server.admin("DELETE", "user", {"uid": principal})
    message = told(place.key, principal, "odd", 1)
    assert "pulumi refresh" in message
    StoreAccessKeyProvider().delete(key["accessKeyId"], key)
    assert StoreAccessKeyProvider().read(key["accessKeyId"], key).id == ""
    PrincipalProvider().delete(principal, place.principal())
    assert place.statements() == []
