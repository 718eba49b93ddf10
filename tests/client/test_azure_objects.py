"""The object store on Azure's blob service, as Azurite has it."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from client.object_calls import put_read_list_and_delete, read
from provider.azure_store import AzureStore, azure_store
from pulumi_modelstore_client import (
    AccessRefused,
    InvalidRequest,
    NotInStore,
    ObjectStoreClient,
    StoreUnreachable,
    TimeLimits,
)
from pulumi_modelstore_provider.keys.azure_blob import Settings
from pulumi_modelstore_provider.keys.protocol import Scope
from servers.azurite import Azurite, azurite_server, bearer_token
from servers.binaries import free_port

HASTY = TimeLimits(connect=1, read=5, attempts=1)


@pytest.fixture
def container(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> AzureStore:
    for name, value in azurite.environment().items():
        monkeypatch.setenv(name, value)
    return azure_store(azurite)


def store(container: AzureStore, secret: str, *, prefix: str = "closed/part", **options: str) -> ObjectStoreClient:
    given = {"access": "private", "account": container.server.account, "endpoint": container.endpoint, **options}
    query = "&".join(f"{name}={value}" for name, value in given.items())
    environment = {
        "MODELSTORE_OBJECTS_URL": f"azure://{container.bucket}/{prefix}?{query}",
        "MODELSTORE_OBJECTS_ACCESS_KEY_ID": "key",
        "MODELSTORE_OBJECTS_SECRET_ACCESS_KEY": secret,
    }
    return ObjectStoreClient.from_environment(environ=environment, limits=HASTY)


def issued(container: AzureStore, *, read_only: bool = False) -> str:
    """A SAS token as a pair's key is one."""
    settings = {"connection": container.connection.to_inputs(), "container": container.bucket, "keyDays": 1}
    keys = Settings.model_validate(settings).open(None)
    principal = keys.ensure_principal("pods", Scope(container.bucket))
    scope = Scope(container.bucket, read_only=read_only)
    key = keys.create_key(principal, scope, slot="even", generation=secrets.randbelow(100))
    return str(key.secret_access_key)


def test_all_but_urls_with_the_key_of_a_pair(container: AzureStore, tmp_path: Path) -> None:
    objects = store(container, issued(container))
    put_read_list_and_delete(objects, tmp_path)
    (written,) = container.server.container(container.bucket).list_blobs(name_starts_with="closed/part/reports/a")
    assert written.name == "closed/part/reports/a b+é.json"
    with pytest.raises(
        AccessRefused, match=r"is a SAS token, and a token signs no other.*Run the pod with an identity"
    ):
        objects.url("page")


def test_urls_with_the_account_s_key_end_and_are_of_one_object(container: AzureStore, tmp_path: Path) -> None:
    objects = store(container, container.server.account_key)
    put_read_list_and_delete(objects, tmp_path)
    for key in ("page a+é", "other"):
        objects.put(key, key.encode())
    url = objects.url("page a+é")
    assert read(url) == "page a+é".encode()
    assert read(url.partition("?")[0]) in (401, 403, 404)
    assert read(url.replace("page%20a%2B%C3%A9", "other")) == 403
    assert read(objects.url("other", expires_seconds=604_800)) == b"other"
    short = objects.url("other", expires_seconds=1)
    while read(short) != 403:
        pass
    query = parse_qs(urlsplit(url).query)
    assert (query["sp"], query["sr"]) == (["r"], ["b"])


def test_a_key_opens_its_container_alone(container: AzureStore) -> None:
    key = issued(container)
    other = azure_store(container.server)
    store(other, container.server.account_key).put("page", b"not yours")
    elsewhere = store(other, key)
    for work in (lambda: elsewhere.get("page"), lambda: elsewhere.put("a", b""), lambda: list(elsewhere.list())):
        with pytest.raises(AccessRefused, match="Check that the key in the store's Secret is valid") as refused:
            work()
        assert key not in str(refused.value)
        assert "sig=" not in str(refused.value)
    reader = store(container, issued(container, read_only=True))
    assert list(reader.list()) == []
    with pytest.raises(AccessRefused):
        reader.put("page", b"")


def test_what_stands_in_the_way_is_said(container: AzureStore, tmp_path: Path) -> None:
    for secret in ("no base64", secrets.token_hex(32), f"{issued(container)}0"):
        wrong = store(container, secret)
        for work in (lambda: wrong.get("a"), lambda: wrong.put("a", b""), lambda: wrong.download("a", tmp_path / "a")):  # noqa: B023
            with pytest.raises(AccessRefused, match="key in the store's Secret") as refused:
                work()
            assert secret not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
    absent = AzureStore(container.server, f"{container.bucket}-2", container.endpoint)
    gone = store(absent, container.server.account_key)
    for work in (lambda: gone.get("a"), lambda: gone.delete("a"), lambda: list(gone.list())):
        with pytest.raises(NotInStore, match="ContainerNotFound"):
            work()
    nobody = AzureStore(
        container.server, container.bucket, f"http://127.0.0.1:{free_port()}/{container.server.account}"
    )
    key = issued(container)
    with pytest.raises(StoreUnreachable, match=r"Connection refused.*Check the endpoint") as unreachable:
        store(nobody, key).get("a")
    assert "sig=" not in str(unreachable.value)
    objects = store(container, container.server.account_key)
    for name in ("a.", "a./b", "a\\b", "", "/a", "a/../b"):
        with pytest.raises(InvalidRequest):
            objects.put(name, b"")
    for wrong_options in ({"account": ""}, {"access": "open"}):
        with pytest.raises(InvalidRequest):
            store(container, key, **wrong_options)
    with pytest.raises(InvalidRequest, match="a login does not go without TLS"):
        store(container, "")
    with pytest.raises(InvalidRequest, match="cannot be public"):
        store(container, key, access="public").url("page")


@contextmanager
def managed_identity() -> Iterator[str]:
    """Where azure-identity asks for a token in a pod or machine that has an identity."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token, ends = bearer_token()
            body = json.dumps({"access_token": token, "expires_on": str(ends), "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the library
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/token"
        server.shutdown()


def test_a_pod_with_an_identity_needs_no_key_and_signs_urls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("azure.identity", reason="azure-identity is in the extra `azure`")
    with azurite_server(tls=True, oauth=True) as azurite, managed_identity() as identity:
        azurite.service().create_container("apps")
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity)
        monkeypatch.setenv("IDENTITY_HEADER", "a secret of the machine")
        url = f"azure://apps/reports?access=private&account={azurite.account}&endpoint={azurite.endpoint}"
        environment = {"MODELSTORE_OBJECTS_URL": url, "MODELSTORE_OBJECTS_CA_FILE": str(azurite.ca_bundle)}
        objects = ObjectStoreClient.from_environment(environ=environment, limits=HASTY)
        put_read_list_and_delete(objects, tmp_path)
        objects.put("page", b"for some")
        trust = ssl.create_default_context(cafile=str(azurite.ca_bundle))
        signed = objects.url("page")
        assert read(signed, trust) == b"for some"
        assert read(signed.replace("page", "reports/file"), trust) == 403
        until = datetime.fromisoformat(parse_qs(urlsplit(signed).query)["se"][0])
        assert timedelta(seconds=890) < until - datetime.now(UTC) <= timedelta(seconds=900)
        assert read(objects.url("page", expires_seconds=604_800), trust) == b"for some"
