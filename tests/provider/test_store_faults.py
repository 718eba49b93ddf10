"""S3 stores that cannot be reached or refuse: one error with namespace and remedy, and a second run repairs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provider.fault_server import (
    FaultServer,
    answering,
    cutting,
    fault_server,
    forwarding,
    silent,
    stalling,
)
from provider.recording_proxy import Cut, Exchange, RecordingProxy, refusal
from provider.stores import PREFIX, Store, request_for
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.resources.access_key_ready import AccessKeyReadyProvider
from pulumi_modelstore_provider.resources.artifact_upload import ArtifactUploadProvider
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from pulumi_modelstore_provider.s3.bucket import open_bucket
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.binaries import free_port
from servers.certificates import self_signed
from servers.versitygw import VersityGateway

SHORT = TimeLimits(connect=2.0, read=0.3, attempts=2)
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Who are you?<br></body></html>"
XHTML = b"<html><body><h1>Bad gateway</h1></body></html>"
XML = "application/xml"


@pytest.fixture(autouse=True)
def short_limits() -> Iterator[None]:
    """A hanging store is given up soon, and each request is sent twice at most."""
    with limited(SHORT):
        yield


def bucket_inputs(store: Store, **changes: Any) -> dict[str, Any]:
    connection = {"endpoint": store.endpoint, "credentials": "env:STORE"} | changes.pop("connection", {})
    return {"connection": connection, "bucket": store.bucket, "adopt": False, "namespace": "models"} | changes


def upload_inputs(store: Store, folder: Path, **connection: str) -> dict[str, Any]:
    request = request_for(folder)
    return {
        "connection": {"endpoint": store.endpoint, "credentials": "env:STORE"} | connection,
        "bucket": store.bucket,
        "modelPrefix": PREFIX,
        "version": request.version,
        "files": dict(request.files),
        "source": str(folder),
        "onDelete": "retain",
        "urn": "",
        "namespace": "models",
    }


def told_once(store: Store, folder: Path, kind: type[ModelstoreError], words: str, **connection: str) -> None:
    """Creating, adopting, refreshing and uploading all end in one such error, which names the namespace."""
    inputs = bucket_inputs(store, connection=connection)
    upload = upload_inputs(store, folder, **connection)
    calls: list[Callable[[], object]] = [
        lambda: BucketProvider().create(inputs),
        lambda: BucketProvider().create(inputs | {"adopt": True}),
        lambda: BucketProvider().read(store.bucket, inputs),
        lambda: ArtifactUploadProvider().create(upload),
    ]
    for call in calls:
        with pytest.raises(kind, match=words) as raised:
            call()
        text = str(raised.value)
        assert text.count("namespace models") == 1
        assert "root-secret-for-tests" not in text


def repaired(store: Store, folder: Path, **connection: str) -> None:
    """With the fault gone the same calls make the bucket and the whole artifact."""
    inputs = bucket_inputs(store, connection=connection)
    assert BucketProvider().create(inputs).id == store.bucket
    assert BucketProvider().create(inputs | {"adopt": True}).id == store.bucket
    ArtifactUploadProvider().create(upload_inputs(store, folder, **connection))
    assert {key.rpartition("/")[2] for key in store.listed()} >= {"config.json", "model.safetensors"}


@pytest.fixture
def fresh(gateway_store: Store) -> Store:
    """A bucket that is not there yet."""
    return Store(gateway_store.endpoint, f"test-{secrets.token_hex(6)}", gateway_store.client)


def test_nothing_listens(fresh: Store, model: Path) -> None:
    told_once(
        fresh.via(f"http://127.0.0.1:{free_port()}"),
        model,
        StoreUnreachable,
        "nothing listens there.*Check the endpoint",
    )
    repaired(fresh, model)


def test_host_is_unknown(fresh: Store, model: Path) -> None:
    words = "host name is unknown.*Check the endpoint's spelling"
    told_once(fresh.via("http://no-such-store.invalid"), model, StoreUnreachable, words)
    repaired(fresh, model)


ANSWERS = {
    "page": (answering("200 OK", PAGE, Content_Type="text/html"), "no S3 store"),
    "page not found": (answering("404 Not Found", PAGE, Content_Type="text/html"), "'Sign in' .HTTP 404.*no S3 store"),
    "page in XML": (answering("405 Method Not Allowed", XHTML, Content_Type="text/html"), "HTTP 405.*no S3 store"),
    "nothing": (answering("200 OK"), "no S3 store"),
    "sign-in of a proxy": (
        answering("302 Found", PAGE, Location="http://login.test/?back=1", Content_Type="text/html"),
        "redirect to http://login.test/.*no S3 store",
    ),
    "gateway without a store": (
        answering("502 Bad Gateway", XHTML, Content_Type="text/html"),
        "'Bad gateway' .HTTP 502.*Run again later",
    ),
    "too busy": (
        answering("429 Too Many Requests", b"slowly", Content_Type="text/plain"),
        "slowly .HTTP 429.*Run again",
    ),
    "redirect without a region": (
        answering("307 Temporary Redirect", b"<Error><Code>TemporaryRedirect</Code></Error>", Content_Type=XML),
        "HTTP 307, a redirect",
    ),
    "TLS wanted": (
        answering("400 Bad Request", b"Client sent an HTTP request to an HTTPS server.\n", Content_Type="text/plain"),
        "Write the endpoint with https://",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_answers_is_no_store(fresh: Store, model: Path, name: str) -> None:
    behaviour, words = ANSWERS[name]
    with fault_server(behaviour) as server:
        told_once(fresh.via(server.endpoint), model, StoreRefused, words)
    repaired(fresh, model)


@pytest.mark.parametrize("behaviour", [silent, stalling], ids=["never answers", "stops after the headers"])
def test_store_that_hangs(fresh: Store, model: Path, behaviour: Any) -> None:
    with fault_server(behaviour) as server:
        told_once(fresh.via(server.endpoint), model, StoreUnreachable, "nothing came in time.*Check that the store is")
        # Two tries a request, and nothing goes on asking.
        assert 4 <= len(server.requests) <= 16
    repaired(fresh, model)


def test_connection_cut_within_an_answer(gateway_store: Store, model: Path) -> None:
    with fault_server(cutting) as server:
        objects = open_bucket(S3Connection(endpoint=server.endpoint, credentials="env:STORE"), gateway_store.bucket)
        with pytest.raises(ModelstoreError, match="Cannot read the object"):
            objects.get("k")
        with pytest.raises(ModelstoreError, match="Cannot list the objects"):
            list(objects.list(""))
    repaired(gateway_store, model)


def test_connection_cut_once_within_an_object_is_got_over(gateway_store: Store) -> None:
    gateway_store.client.put_object(Bucket=gateway_store.bucket, Key="k", Body=b"whole")
    with fault_server(cutting) as server:
        real = forwarding(int(gateway_store.endpoint.rpartition(":")[2]))

        def once(connection: Any, request: bytes) -> None:
            server.behaviour = real
            cutting(connection, request)

        server.behaviour = once
        objects = gateway_store.via(server.endpoint).objects
        assert objects.get("k") == (b"whole", objects.get("k")[1])  # type: ignore[index]


def test_connection_cut_at_each_write(fresh: Store, model: Path) -> None:
    """Every request is done by the store, and the answer of its first time is lost."""
    from provider.recording_proxy import Answer, recording_proxy

    seen: set[tuple[str, str]] = set()

    def lose(exchange: Exchange, answer: Answer) -> Answer:
        if (exchange.method, exchange.path) not in seen:
            seen.add((exchange.method, exchange.path))
            raise Cut
        return answer

    with recording_proxy(fresh.endpoint) as proxy:
        proxy.after = lose
        repaired(fresh.via(proxy.endpoint), model)
    assert len(seen) > 5


@pytest.fixture
def tls(gateway_store: Store, tmp_path: Path) -> Iterator[tuple[FaultServer, Path]]:
    """The gateway behind TLS with a certificate that nobody signed, and that certificate."""
    certificate = self_signed(tmp_path)
    port = int(gateway_store.endpoint.rpartition(":")[2])
    with fault_server(forwarding(port), tls=certificate.context()) as server:
        yield server, certificate.ca_bundle


def test_certificate_that_nobody_signed(fresh: Store, model: Path, tls: tuple[FaultServer, Path]) -> None:
    server, certificate = tls
    behind = fresh.via(server.endpoint)
    told_once(behind, model, StoreUnreachable, "CERTIFICATE_VERIFY_FAILED.*Give the store's CA with ca_bundle")
    repaired_through(behind, fresh, model, caBundle=str(certificate))


def repaired_through(behind: Store, direct: Store, model: Path, **connection: str) -> None:
    inputs = bucket_inputs(behind, connection=connection)
    assert BucketProvider().create(inputs).id == behind.bucket
    ArtifactUploadProvider().create(upload_inputs(behind, model, **connection))
    assert len(direct.listed()) == 3


def test_certificate_of_another_host(fresh: Store, model: Path, tls: tuple[FaultServer, Path]) -> None:
    server, certificate = tls
    other = fresh.via(server.endpoint.replace("127.0.0.1", "localhost"))
    told_once(other, model, StoreUnreachable, "Write the endpoint with a host name", caBundle=str(certificate))


def test_http_spoken_to_tls(fresh: Store, model: Path, tls: tuple[FaultServer, Path]) -> None:
    server, _ = tls
    told_once(fresh.via(server.endpoint.replace("https", "http")), model, StoreUnreachable, "Write https://")


def test_tls_spoken_to_http(fresh: Store, model: Path) -> None:
    words = "WRONG_VERSION_NUMBER.*Write http://"
    told_once(fresh.via(fresh.endpoint.replace("http", "https")), model, StoreUnreachable, words)
    repaired(fresh, model)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("STORE_ACCESS_KEY_ID", "AKIANOBODY", "InvalidAccessKeyId.*Check the access key id"),
        ("STORE_SECRET_ACCESS_KEY", "no-secret-of-this-store", "SignatureDoesNotMatch.*Check the secret access key"),
    ],
)
def test_wrong_credentials(
    gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(variable, value)
        told_once(gateway_store, model, StoreRefused, words)
    repaired(gateway_store, model)


def test_clock_of_another_time(gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real store's refusal of requests that were signed 20 minutes ago."""
    import datetime

    import botocore.auth
    import botocore.compat

    late = datetime.timedelta(minutes=20)
    real = botocore.compat.get_current_datetime
    with monkeypatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda *args, **kwargs: real(*args, **kwargs) - late)
        patch.setattr("pulumi_modelstore_provider.clock.now", lambda: datetime.datetime.now(datetime.UTC) - late)
        words = r"RequestTimeTooSkewed.*Set the clock.*This machine is 1[12]\d\d s behind the store"
        told_once(gateway_store, model, StoreRefused, words)
    repaired(gateway_store, model)


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (429, "TooManyRequests"), (503, "ServiceUnavailable")])
def test_throttling_is_waited_for_and_then_told(
    fresh: Store, proxy: RecordingProxy, model: Path, status: int, code: str
) -> None:
    proxy.before = lambda exchange: refusal(status, code, "reduce your rate")
    told_once(fresh.via(proxy.endpoint), model, StoreRefused, f"{code}.*Run again later")
    # Creating: two tries. Adopting and refreshing: two of HEAD, two of the listing that tells the reason.
    assert len(proxy.exchanges) == 12
    proxy.before = lambda exchange: None
    repaired(fresh.via(proxy.endpoint), model)


def test_throttling_that_passes_is_not_noticed(fresh: Store, proxy: RecordingProxy, model: Path) -> None:
    seen: set[tuple[str, str]] = set()

    def first(exchange: Exchange) -> Any:
        if (exchange.method, exchange.path) in seen:
            return None
        seen.add((exchange.method, exchange.path))
        return refusal(429, "TooManyRequests", "reduce your rate")

    proxy.before = first
    repaired(fresh.via(proxy.endpoint), model)


def test_bucket_is_in_another_region(fresh: Store, proxy: RecordingProxy, model: Path) -> None:
    def elsewhere(exchange: Exchange) -> Any:
        answer = refusal(301, "PermanentRedirect", "address it by its own endpoint")
        answer.headers.append(("x-amz-bucket-region", "eu-west-3"))
        return answer

    proxy.before = elsewhere
    told_once(fresh.via(proxy.endpoint), model, StoreRefused, "PermanentRedirect.*Check the region.*eu-west-3")
    proxy.before = lambda exchange: None
    repaired(fresh.via(proxy.endpoint), model)


def test_bucket_of_somebody_else(
    versitygw: VersityGateway, gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user without rights to it adopts it, and creates it: both are refused, and nothing is in it afterwards."""
    iam = versitygw.client("iam")
    user = f"stranger-{secrets.token_hex(4)}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    with monkeypatch.context() as patch:
        patch.setenv("STORE_ACCESS_KEY_ID", key["AccessKeyId"])
        patch.setenv("STORE_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        for adopt, words in (
            (True, "Check whose bucket it is"),
            (False, "Check that the key may do this|name is taken"),
        ):
            with pytest.raises(ModelstoreError, match=words) as refused:
                BucketProvider().create(bucket_inputs(gateway_store, adopt=adopt))
            assert "namespace models" in str(refused.value)
            assert key["SecretAccessKey"] not in str(refused.value)
    assert gateway_store.listed() == []
    repaired(gateway_store, model)


def test_name_is_taken(fresh: Store, proxy: RecordingProxy, model: Path) -> None:
    def taken(exchange: Exchange) -> Any:
        return refusal(409, "BucketAlreadyExists", "not available") if exchange.method == "PUT" else None

    proxy.before = taken
    with pytest.raises(ModelstoreError, match=r"namespace models.*BucketAlreadyExists.*Choose another name") as refused:
        BucketProvider().create(bucket_inputs(fresh.via(proxy.endpoint)))
    assert "name is taken" in str(refused.value)
    proxy.before = lambda exchange: None
    repaired(fresh.via(proxy.endpoint), model)


def test_own_bucket_of_a_store_that_says_only_that_it_exists(gateway_store: Store, proxy: RecordingProxy) -> None:
    """What the second run meets where the first one's answer was lost."""

    def exists(exchange: Exchange) -> Any:
        return refusal(409, "BucketAlreadyExists", "not available") if exchange.method == "PUT" else None

    proxy.before = exists
    inputs = bucket_inputs(gateway_store.via(proxy.endpoint))
    assert BucketProvider().create(inputs).id == gateway_store.bucket


def key_inputs(store: Store, access_key_id: str, secret_access_key: str) -> dict[str, Any]:
    return {
        "connection": {"endpoint": store.endpoint},
        "bucket": store.bucket,
        "prefix": "",
        "accessKeyId": access_key_id,
        "secretAccessKey": secret_access_key,
        "namespace": "models",
    }


KEY_FAULTS = {
    "never answers": (silent, "nothing came in time"),
    "stops after the headers": (stalling, "nothing came in time"),
    "page": (answering("403 Forbidden", PAGE, Content_Type="text/html"), "no S3 store"),
    "too busy": (answering("503 Slow Down", Content_Type=XML), "Run again later"),
    "another time": (
        answering("403 Forbidden", b"<Error><Code>RequestTimeTooSkewed</Code><Message>m</Message></Error>"),
        "RequestTimeTooSkewed.*Set the clock",
    ),
}


@pytest.mark.parametrize("name", KEY_FAULTS)
def test_trial_of_a_key_ends_at_once_where_waiting_does_not_help(
    versitygw: VersityGateway, gateway_store: Store, name: str
) -> None:
    behaviour, words = KEY_FAULTS[name]
    key = (versitygw.access_key_id, versitygw.secret_access_key)

    with fault_server(behaviour) as server:
        with pytest.raises(ModelstoreError, match=words) as failed:
            AccessKeyReadyProvider().create(key_inputs(gateway_store.via(server.endpoint), *key))
        assert len(server.requests) <= SHORT.attempts
        assert "namespace models" in str(failed.value)
        assert versitygw.secret_access_key not in str(failed.value)
    assert AccessKeyReadyProvider().create(key_inputs(gateway_store, *key)).outs
