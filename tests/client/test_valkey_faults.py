"""What a client says when Valkey refuses, is full, or is gone, and what is still there afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modelstore_client import (
    AccessRefused,
    InvalidRequest,
    KeyValueNamespace,
    KeyValueStoreClient,
    StoreFull,
    StoreUnreachable,
    TimeLimits,
)
from servers.binaries import free_port
from servers.certificates import signed
from servers.valkey import PASSWORD, ValkeyServer, valkey_server

HASTY = TimeLimits(connect=1, read=5, attempts=1)
LARGE = b"v" * 200_000


def _client(server: ValkeyServer, **settings: str) -> KeyValueStoreClient:
    environment = server.environment("MODELSTORE_KV", **settings)
    return KeyValueStoreClient.from_environment(environ=environment, limits=HASTY)


def _fill(space: KeyValueNamespace, written: list[str]) -> None:
    for number in range(100):
        space.put(str(number), LARGE)
        written.append(str(number))


@pytest.mark.parametrize("password", ["not-the-password", ""])
def test_a_wrong_password_is_named_and_not_shown(valkey: ValkeyServer, password: str) -> None:
    with pytest.raises(
        AccessRefused, match=r"could not be listed .*Check the password in the store's Secret"
    ) as refused:
        _client(valkey, MODELSTORE_KV_PASSWORD=password).namespaces()
    assert "not-the-password" not in str(refused.value)


def test_a_user_who_may_only_read(valkey: ValkeyServer, store_name: str) -> None:
    _client(valkey, MODELSTORE_KV_URL=f"{valkey.url}?store={store_name}").create_namespace("a")
    valkey.client().execute_command(
        "ACL", "SETUSER", "reader", "on", ">reading", "~*", "-@all", "+@read", "+@connection"
    )
    reader = _client(
        valkey,
        MODELSTORE_KV_URL=f"{valkey.url}?store={store_name}",
        MODELSTORE_KV_USERNAME="reader",
        MODELSTORE_KV_PASSWORD="reading",
    )
    with pytest.raises(AccessRefused, match="access list"):
        reader.namespace("a").put("k", b"v")


def test_nobody_answers() -> None:
    url = f"valkey://127.0.0.1:{free_port()}/0"
    client = KeyValueStoreClient.from_environment(environ={"MODELSTORE_KV_URL": url}, limits=HASTY)
    with pytest.raises(StoreUnreachable, match=r"valkey://127\.0\.0\.1:\d+/0.*Check the address"):
        client.namespaces()


def test_a_full_memory_refuses_writes_and_goes_on_reading() -> None:
    with valkey_server({"maxmemory": "4mb"}) as server:
        space = _client(server).create_namespace("a")
        with pytest.raises(StoreFull, match=r"could not be written \(a, .*raise the memory"):
            _fill(space, [])
        assert space.get("0") == LARGE


def test_a_full_disk_where_the_server_goes_on() -> None:
    with valkey_server({"appendfsync": "everysec"}, largest_file=1_000_000) as server:
        space = _client(server).create_namespace("a")
        with pytest.raises(StoreFull, match="cannot write to its disk: make room on its volume"):
            _fill(space, [])
        assert space.get("0") == LARGE


def test_a_full_disk_ends_a_durable_server_and_loses_nothing_that_was_confirmed() -> None:
    with valkey_server(largest_file=1_000_000) as server:
        space = _client(server).create_namespace("a")
        written: list[str] = []
        with pytest.raises(StoreUnreachable, match="as with a full disk, ends"):
            _fill(space, written)
        server.stop()
        server.largest_file = None
        server.start()
        assert written
        assert set(written) <= set(space.keys())
        space.put("more", LARGE)


def test_what_was_written_is_there_after_the_server_was_killed() -> None:
    with valkey_server() as server:
        environment = server.environment("MODELSTORE_KV")
        space = KeyValueStoreClient.from_environment(environ=environment).create_namespace("a")
        for number in range(100):
            space.put(str(number), str(number).encode())
        server.kill()
        server.start()
        assert {key: space.get(key) for key in space.keys()} == {str(n): str(n).encode() for n in range(100)}  # noqa: SIM118


def test_an_environment_that_names_no_store() -> None:
    cases = {
        "MODELSTORE_KV_URL is not set.*envFrom": {},
        "names the engine 'http'": {"MODELSTORE_KV_URL": "http://host"},
        "has a password in it": {"MODELSTORE_KV_URL": f"valkey://:{PASSWORD}@host"},
        "cannot be read as a URL": {"MODELSTORE_KV_URL": "valkey://host:port"},
        "store cannot be called": {"MODELSTORE_KV_URL": "valkey://host/0?store=A"},
        "no number of a database": {"MODELSTORE_KV_URL": "valkey://host/zero"},
    }
    for said, environ in cases.items():
        with pytest.raises(InvalidRequest, match=said) as refused:
            KeyValueStoreClient.from_environment(environ=environ)
        assert PASSWORD not in str(refused.value)


def test_tls_with_a_ca_of_ones_own_and_without_it(tmp_path: Path) -> None:
    made, port = signed(tmp_path), free_port()
    files = {"tls-cert-file": made.certificate, "tls-key-file": made.key, "tls-ca-cert-file": made.ca_bundle}
    settings = {"tls-port": str(port), "tls-auth-clients": "no", **{name: str(path) for name, path in files.items()}}
    with valkey_server(settings) as server:
        there = {"MODELSTORE_KV_URL": f"valkeys://127.0.0.1:{port}/0", "MODELSTORE_KV_CA_FILE": str(made.ca_bundle)}
        with _client(server, **there) as trusting:
            trusting.create_namespace("a").put("k", b"v")
            assert trusting.namespace("a").get("k") == b"v"
        with pytest.raises(StoreUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            _client(server, MODELSTORE_KV_URL=there["MODELSTORE_KV_URL"]).namespaces()
