"""What goes wrong on the way to a container: a clear error with its remedy, no secret, and an end in good time."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from provider.azure_store import AzureStore, azure_store, refusal
from provider.fault_server import answering, fault_server, silent
from provider.recording_proxy import recording_proxy
from pulumi_modelstore_provider.azure import client, retries
from pulumi_modelstore_provider.azure.bucket import AzureContainer, open_bucket
from pulumi_modelstore_provider.azure.connection import AzureConnection
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
)
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.azurite import Azurite, azurite_server, bearer_token

WRONG_KEY = base64.b64encode(b"a wrong key of the account").decode()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions come without a pause."""
    for name in ("_FIRST_PAUSE", "_BASE", "_JITTER"):
        monkeypatch.setattr(retries, name, 0)


@pytest.fixture
def store(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> AzureStore:
    for name, value in azurite.environment().items():
        monkeypatch.setenv(name, value)
    return azure_store(azurite)


@pytest.fixture(scope="module")
def secure(own_environment: None) -> Iterator[Azurite]:
    """Azurite over TLS, which takes bearer tokens."""
    with azurite_server(tls=True, oauth=True) as server:
        yield server


def opened(store: AzureStore, **changes: Any) -> AzureContainer:
    return open_bucket(store.connection.model_copy(update=changes), store.bucket)


def at(endpoint: str) -> AzureContainer:
    connection = AzureConnection(account="acmemodels", endpoint=f"{endpoint}/acmemodels")
    return open_bucket(connection, "models", credentials=Credentials("acmemodels", WRONG_KEY))


def test_wrong_account_key(store: AzureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", WRONG_KEY)
    for ask in (lambda o: o.bucket_exists(), lambda o: o.probe(""), lambda o: o.get("a"), lambda o: o.head("a")):
        with pytest.raises(StoreRefused) as refused:
            ask(opened(store))
        assert refused.value.status == 403
        assert WRONG_KEY not in str(refused.value)
    with pytest.raises(StoreRefused, match="Check the account key"):
        opened(store).probe("")


def test_key_that_is_no_base64(store: AzureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "abcde")
    with pytest.raises(CredentialsUnavailable, match="is to be an account key, in base64") as refused:
        opened(store).probe("")
    assert "abcde" not in str(refused.value)


def test_key_of_another_account(store: AzureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "another")
    with pytest.raises(CredentialsUnavailable, match="are of the account 'another', and the connection is to"):
        opened(store)


def test_reference_to_a_token_is_a_token(store: AzureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    store.objects.put("a", b"body", content_type="text/plain")
    token = generate_container_sas(
        store.server.account,
        store.bucket,
        account_key=store.server.account_key,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(minutes=5),
    )
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", "any name")
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", f"?{token}")
    reading = opened(store)
    assert [item.key for item in reading.list("")] == ["a"]
    with pytest.raises(StoreRefused, match=r"AuthorizationPermissionMismatch.*Storage Blob Data Contributor"):
        reading.put("b", b"", content_type="text/plain")
    with pytest.raises(ModelstoreError, match="A SAS token cannot sign a URL"):
        reading.presigned_url("a", seconds=60)


def test_container_that_is_not_there(store: AzureStore) -> None:
    objects = open_bucket(store.connection, "not-there")
    assert not objects.bucket_exists()
    asked: list[Callable[[], object]] = [
        lambda: objects.get("a"),
        lambda: objects.head("a"),
        lambda: list(objects.list("")),
        lambda: list(objects.open_uploads("")),
        lambda: objects.put("a", b"", content_type="text/plain"),
    ]
    for ask in asked:
        with pytest.raises(NotInStore, match=r"ContainerNotFound.*Check the container's name"):
            ask()


def test_account_that_does_not_exist() -> None:
    """Its host name resolves nowhere: `.invalid` never does (RFC 2606)."""
    with pytest.raises(StoreUnreachable, match="Check the storage account's name"):
        at("https://acmemodels.invalid").probe("")


def test_clocks_that_are_apart(store: AzureStore) -> None:
    with recording_proxy(store.server.endpoint.rsplit("/", 1)[0]) as proxy:
        late = {"Date": format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)}
        proxy.before = lambda exchange: refusal(403, "AuthenticationFailed", "Server failed to authenticate.", **late)
        with pytest.raises(StoreRefused, match=r"Set the clock of this machine. This machine is 3\d{3} s ahead"):
            store.via(proxy).objects.probe("")


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, "KeyBasedAuthenticationNotPermitted", "use credentials='default'"),
        (403, "AuthorizationFailure", "let the account's firewall admit this machine"),
        (401, "InvalidAuthenticationInfo", "Log in again"),
        (409, "ContainerBeingDeleted", "Run again in a minute"),
        (500, "OperationTimedOut", "Run again later"),
    ],
)
def test_refusals_have_remedies(store: AzureStore, status: int, code: str, remedy: str) -> None:
    with recording_proxy(store.server.endpoint.rsplit("/", 1)[0]) as proxy:
        proxy.before = lambda exchange: refusal(status, code, "the first line\nMAC signature 'abc' to sign")
        with pytest.raises(StoreRefused, match=f"{code}: the first line.*{remedy}") as refused:
            store.via(proxy).objects.create_bucket()
        assert (refused.value.code, refused.value.status) == (code, status)
        assert "MAC signature" not in str(refused.value)


def test_service_that_never_answers() -> None:
    with fault_server(silent) as server, limited(TimeLimits(connect=1, read=0.3, attempts=2)):
        with pytest.raises(StoreUnreachable, match="nothing came in time"):
            at(server.endpoint).probe("")
        assert len(server.requests) == 2


def test_port_where_nothing_listens() -> None:
    with fault_server(silent) as server:
        endpoint = server.endpoint
    with pytest.raises(StoreUnreachable, match=r"nothing listens there.*Check the endpoint"):
        at(endpoint).probe("")


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "302 Found", "405 Method Not Allowed"])
def test_web_server_is_no_blob_service(status: str) -> None:
    with fault_server(answering(status, b"<html>welcome</html>", Content_Type="text/html")) as server:
        for ask in (lambda o: o.bucket_exists(), lambda o: o.create_bucket()):
            with pytest.raises(StoreRefused, match="what answers there is no blob service"):
                ask(at(server.endpoint))


def test_certificate_that_nobody_knows(secure: Azurite) -> None:
    with pytest.raises(StoreUnreachable, match=r"CERTIFICATE_VERIFY_FAILED.*ca_bundle"):
        at(secure.endpoint.rsplit("/", 1)[0]).probe("")
    missing = AzureConnection(account="acmemodels", endpoint=secure.endpoint, ca_bundle="/not/there.pem")
    with pytest.raises(ModelstoreError, match=r"CA bundle '/not/there.pem' is not there"):
        open_bucket(missing, "models", credentials=Credentials("acmemodels", WRONG_KEY))


def test_certificate_is_not_looked_at_where_that_is_asked_for(secure: Azurite) -> None:
    connection = AzureConnection(account=secure.account, endpoint=secure.endpoint, verify_tls=False)
    key = Credentials(secure.account, secure.account_key)
    objects = open_bucket(connection, "unverified", credentials=key)
    objects.create_bucket()
    assert objects.bucket_exists()


class _Login:
    """What azure-identity would give."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(*bearer_token())


def test_login_in_the_place_of_a_key(secure: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl
    import urllib.request

    monkeypatch.setattr(client, "login", _Login)
    connection = AzureConnection(account=secure.account, endpoint=secure.endpoint, ca_bundle=str(secure.ca_bundle))
    objects = open_bucket(connection, "by-login")
    objects.create_bucket()
    objects.put("a", b"body", content_type="text/plain")
    url = objects.presigned_url("a", seconds=60)
    trust = ssl.create_default_context(cafile=str(secure.ca_bundle))
    with urllib.request.urlopen(url, timeout=10, context=trust) as answer:
        assert answer.read() == b"body"
    plain = AzureConnection(account=secure.account, endpoint=secure.endpoint.replace("https:", "http:"))
    with pytest.raises(ModelstoreError, match="does not go over a connection without TLS"):
        open_bucket(plain, "by-login")


def test_no_login_anywhere(secure: Azurite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    client.login.cache_clear()
    connection = AzureConnection(account=secure.account, endpoint=secure.endpoint, ca_bundle=str(secure.ca_bundle))
    try:
        with pytest.raises(CredentialsUnavailable, match=r"Log in with 'az login'"):
            open_bucket(connection, "models").probe("")
    finally:
        client.login.cache_clear()


def test_missing_package_names_the_extra(store: AzureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.storage.blob", None)
    with pytest.raises(ModelstoreError, match=r"azure-storage-blob is not installed.*pulumi-modelstore\[azure\]"):
        opened(store)


def test_bucket_resource_creates_adopts_and_deletes_nothing(store: AzureStore) -> None:
    provider = BucketProvider()
    inputs = {"connection": store.connection.to_inputs(), "bucket": f"{store.bucket}-2", "adopt": True}
    assert provider.check({}, inputs).failures == []
    with pytest.raises(ModelstoreError, match="to adopt does not exist"):
        provider.create(inputs)
    made = provider.create({**inputs, "adopt": False})
    assert provider.create({**inputs, "adopt": False}).id == made.id
    container = store.server.container(f"{store.bucket}-2")
    assert container.get_container_properties().public_access is None
    assert provider.read(str(made.id), made.outs).id == made.id
    provider.delete(str(made.id), made.outs)
    assert container.exists()
    container.delete_container()
    assert provider.read(str(made.id), made.outs).id == ""
