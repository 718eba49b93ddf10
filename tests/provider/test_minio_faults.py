"""What a user is told when MinIO cannot be reached, refuses the administrator, or is something else."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider.minio_keys import Bucket, answer, bucket_on, unused_name
from provider.recording_proxy import Answer, Exchange, recording_proxy, refusal
from provider.stores import Store
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
)
from pulumi_modelstore_provider.keys import minio_client
from pulumi_modelstore_provider.keys.minio import MinioKeys, Settings
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.time_limits import TimeLimits
from servers.binaries import free_port
from servers.minio import MinioServer, minio_server
from servers.versitygw import VersityGateway

SECRET = "wrong-secret-of-the-administrator"


@pytest.fixture
def bucket(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", minio.access_key_id)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", minio.secret_access_key)
    return bucket_on(minio)


@pytest.fixture(scope="module")
def minio_tls(own_environment: None) -> Iterator[MinioServer]:
    """MinIO behind TLS, with a certificate of a CA that nobody trusts."""
    with minio_server(tls=True) as server:
        yield server


@pytest.fixture
def tls_bucket(minio_tls: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", minio_tls.access_key_id)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", minio_tls.secret_access_key)
    return bucket_on(minio_tls)


def issuer_at(endpoint: str, **settings: Any) -> MinioKeys:
    return Settings(endpoint=endpoint, credentials="env:MINIO_ADMIN", **settings).open(None)


def principal_inputs(bucket: Bucket, **settings: Any) -> dict[str, Any]:
    issuer = Settings(endpoint=bucket.server.endpoint, credentials="env:MINIO_ADMIN", **settings)
    return {
        "issuer": issuer.model_dump(by_alias=True, exclude_none=True),
        "principalName": bucket.consumer,
        "bucket": bucket.name,
        "namespace": "models",
    }


def bucket_inputs(server: MinioServer, name: str, **settings: Any) -> dict[str, Any]:
    adopt = settings.pop("adopt", False)
    connection = S3Connection(**{"endpoint": server.endpoint, "credentials": "env:MINIO_ADMIN"} | settings)
    return {"connection": connection.to_inputs(), "bucket": name, "adopt": adopt, "namespace": "models"}


@pytest.mark.parametrize(
    ("key_id", "code"), [("root-of-the-tests", "SignatureDoesNotMatch"), ("nobody-at-all", "InvalidAccessKeyId")]
)
def test_wrong_administrator_is_told_which_half_is_wrong(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, key_id: str, code: str
) -> None:
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", SECRET)
    half = "secret key" if code == "SignatureDoesNotMatch" else "access key id"
    for provider, inputs in (
        (PrincipalProvider(), principal_inputs(bucket)),
        (BucketProvider(), bucket_inputs(bucket.server, bucket.name)),
    ):
        with pytest.raises(StoreRefused) as refused:
            provider.create(inputs)
        message = str(refused.value)
        assert refused.value.code in {code, "403"}
        assert "namespace models" in message
        assert bucket.server.endpoint in message
        assert SECRET not in message
        if isinstance(provider, PrincipalProvider):
            assert half in refused.value.remedy
    assert not {user for user in bucket.server.users() if bucket.name in user}


def test_key_without_the_rights_of_an_administrator_is_told_so(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = bucket.issuer
    principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
    key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", key.access_key_id)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", key.secret_access_key)
    with pytest.raises(StoreRefused, match=r"AccessDenied.*manage users, policies and service accounts") as refused:
        PrincipalProvider().create(principal_inputs(bucket) | {"principalName": unused_name()})
    assert key.secret_access_key not in str(refused.value)


@pytest.mark.parametrize(
    ("reference", "found"),
    [("env:NOT_THERE", "NOT_THERE_ACCESS_KEY_ID"), ("profile:nobody", "nobody"), ("default", "lead to no key")],
)
def test_administrator_that_is_nowhere(reference: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(CredentialsUnavailable, match=found):
        Settings(endpoint="http://127.0.0.1:9", credentials=reference).open(None)


def test_administrator_from_the_sdk_s_chain_and_from_configuration(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.server.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.server.secret_access_key)
    principal = Settings(endpoint=bucket.server.endpoint).open(None).ensure_principal(bucket.consumer, bucket.scope)
    pair = {"accessKeyId": bucket.server.access_key_id, "secretAccessKey": bucket.server.secret_access_key}
    issuer = Settings(endpoint=bucket.server.endpoint, credentials="config:minio").open({"minio": pair}.get)
    assert issuer.principal_exists(principal)


def test_missing_sdk_is_named_with_the_command_that_installs_it(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "minio", None)
    with pytest.raises(ModelstoreError, match=r"pip install 'pulumi-modelstore\[minio\]'"):
        PrincipalProvider().create(principal_inputs(bucket))


def test_no_server_there(bucket: Bucket) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    admin = minio_client.open_admin(endpoint, Credentials("id", SECRET), limits=TimeLimits(attempts=2))
    with pytest.raises(StoreUnreachable, match="Check the endpoint and the network") as unreachable:
        MinioKeys(admin, endpoint).ensure_principal(bucket.consumer, bucket.scope)
    assert endpoint in str(unreachable.value)
    assert SECRET not in str(unreachable.value)


def test_server_that_hangs_is_given_up(bucket: Bucket) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        admin = minio_client.open_admin(endpoint, Credentials("id", SECRET), limits=TimeLimits(read=0.2, attempts=2))
        with pytest.raises(StoreUnreachable, match=r"timed out.*run again"):
            MinioKeys(admin, endpoint).keys(f"{bucket.consumer}@{bucket.name}")


@pytest.mark.parametrize("other", ["versitygw", "console"])
def test_something_else_answers(
    other: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with contextlib.ExitStack() as stack:
        if other == "versitygw":
            gateway: VersityGateway = request.getfixturevalue("versitygw")
            endpoint = gateway.endpoint
            monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", gateway.access_key_id)
            monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", gateway.secret_access_key)
        else:
            proxy = stack.enter_context(recording_proxy(bucket.server.endpoint))
            proxy.before = lambda exchange: Answer(200, [("Content-Type", "text/html")], b"<html>MinIO Console</html>")
            endpoint = proxy.endpoint
        issuer = issuer_at(endpoint)
        with pytest.raises(ModelstoreError, match="not of its console or of another store"):
            issuer.ensure_principal(bucket.consumer, bucket.scope)
        with pytest.raises(ModelstoreError, match="not of its console or of another store"):
            issuer.keys(f"{bucket.consumer}@{bucket.name}")


def test_throttled_request_is_sent_again(bucket: Bucket) -> None:
    seen: list[str] = []

    def throttle(exchange: Exchange) -> Answer | None:
        seen.append(exchange.path)
        return refusal(503, "SlowDown", "Please reduce your request rate.") if seen.count(exchange.path) == 1 else None

    with recording_proxy(bucket.server.endpoint) as proxy:
        proxy.before = throttle
        issuer = issuer_at(proxy.endpoint)
        principal = issuer.ensure_principal(bucket.consumer, bucket.scope)
        key = issuer.create_key(principal, bucket.scope, slot="even", generation=0)
        assert answer(bucket, key, "get_object", Key="team/a") == "ok"
        assert all(seen.count(path) == 2 for path in seen)


def test_throttling_without_end_says_so(bucket: Bucket) -> None:
    with recording_proxy(bucket.server.endpoint) as proxy:
        proxy.before = lambda exchange: refusal(503, "SlowDown", "Please reduce your request rate.")
        admin = minio_client.open_admin(proxy.endpoint, Credentials("id", SECRET), limits=TimeLimits(attempts=2))
        with pytest.raises(StoreRefused, match=r"503.*Run again later"):
            MinioKeys(admin, proxy.endpoint).principal_exists("readers")
        assert len(proxy.exchanges) == 2


def test_clock_that_is_wrong_is_named(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from minio import minioadmin

    now = minioadmin.time.utcnow
    monkeypatch.setattr(minioadmin.time, "utcnow", lambda: now() - timedelta(hours=2))
    with pytest.raises(StoreRefused, match="Set this machine's clock"):
        bucket.issuer.ensure_principal(bucket.consumer, bucket.scope)


def test_certificate_of_an_unknown_ca_is_refused_with_the_remedy(tls_bucket: Bucket) -> None:
    for provider, inputs in (
        (PrincipalProvider(), principal_inputs(tls_bucket)),
        (BucketProvider(), bucket_inputs(tls_bucket.server, tls_bucket.name)),
    ):
        with pytest.raises(StoreUnreachable, match=r"certificate.*ca_bundle") as refused:
            provider.create(inputs)
        assert "namespace models" in str(refused.value)
    assert tls_bucket.server.users() == set()


@pytest.mark.parametrize("verify", [True, False])
def test_ca_bundle_or_the_wish_not_to_verify_lets_it_in(tls_bucket: Bucket, verify: bool) -> None:
    trust: dict[str, Any] = {"ca_bundle": str(tls_bucket.server.ca_bundle)} if verify else {"verify_tls": False}
    created = PrincipalProvider().create(principal_inputs(tls_bucket, **trust))
    issuer = issuer_at(tls_bucket.server.endpoint, **trust)
    key = issuer.create_key(created.id, tls_bucket.scope, slot="even", generation=0)
    assert answer(tls_bucket, key, "get_object", Key="team/a") == "ok"
    name = unused_name()
    BucketProvider().create(bucket_inputs(tls_bucket.server, name, **trust))
    tls_bucket.server.client().head_bucket(Bucket=name)
    PrincipalProvider().delete(created.id, created.outs or {})


def test_ca_bundle_that_is_not_there(tls_bucket: Bucket) -> None:
    with pytest.raises(ModelstoreError, match=r"/no/such\.pem.*exists where pulumi runs"):
        PrincipalProvider().create(principal_inputs(tls_bucket, ca_bundle="/no/such.pem"))


def test_wrong_scheme_is_told(tls_bucket: Bucket, minio: MinioServer) -> None:
    with pytest.raises(ModelstoreError, match="HTTPS"):
        issuer_at(tls_bucket.server.endpoint.replace("https", "http")).keys("readers")
    with pytest.raises(StoreUnreachable, match="speaks TLS at all"):
        issuer_at(minio.endpoint.replace("http", "https")).keys("readers")


def test_bucket_is_created_once_and_adopted_as_it_is(bucket: Bucket) -> None:
    provider, name = BucketProvider(), unused_name()
    with pytest.raises(ModelstoreError, match="bucket to adopt does not exist"):
        provider.create(bucket_inputs(bucket.server, name, adopt=True))
    created = provider.create(bucket_inputs(bucket.server, name))
    assert provider.create(bucket_inputs(bucket.server, name)).outs == created.outs
    before = bucket.digests()
    adopted = provider.create(bucket_inputs(bucket.server, bucket.name, adopt=True))
    assert adopted.outs is not None
    provider.delete(adopted.id, adopted.outs)
    assert bucket.digests() == before


def test_bucket_that_the_deployer_may_not_use_is_refused(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """MinIO's buckets have no owner: a name is taken where the deployer's key may not create it."""
    issuer = bucket.issuer
    key = issuer.create_key(
        issuer.ensure_principal(bucket.consumer, bucket.scope), bucket.scope, slot="even", generation=0
    )
    taken = bucket_on(bucket.server).name
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", key.access_key_id)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", key.secret_access_key)
    for adopt in (False, True):
        with pytest.raises(StoreRefused, match=r"namespace models, .*AccessDenied") as refused:
            BucketProvider().create(bucket_inputs(bucket.server, taken, adopt=adopt))
        assert taken in str(refused.value)
        assert refused.value.remedy
        assert not isinstance(refused.value, NotInStore)
        assert key.secret_access_key not in str(refused.value)


def test_minio_takes_no_rule_against_unfinished_uploads(bucket: Bucket) -> None:
    """Why a namespace on MinIO declares none: the server refuses it, and removes such uploads by itself."""
    inputs = bucket_inputs(bucket.server, bucket.name) | {"abortUploadsAfterDays": 7}
    with pytest.raises(StoreRefused) as refused:
        BucketProvider().create(inputs)
    assert refused.value.status == 400


def test_a_store_of_another_kind_is_named_as_the_reason(minio_store: Store) -> None:
    # What a CephRgw namespace asks for, on a MinIO.
    inputs = {
        "connection": minio_store.connection.to_inputs(),
        "bucket": minio_store.bucket,
        "abortUploadsAfterDays": 7,
    }
    with pytest.raises(ModelstoreError, match=r"Cannot set the bucket's lifecycle.*backend is the one for this store"):
        BucketProvider().create(inputs)
