"""Stores for the provider's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provider.recording_proxy import RecordingProxy, recording_proxy
from provider.stores import Store, new_bucket
from servers.ceph import CephServer
from servers.minio import MinioServer
from servers.moto import MotoAws
from servers.versitygw import VersityGateway


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees another's digests."""
    monkeypatch.setenv("MODELSTORE_CACHE_HOME", str(tmp_path / "digest-cache"))


def _store_on(server: VersityGateway | MotoAws | MinioServer, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A new bucket there, with the administrator's key at `env:STORE`."""
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", server.access_key_id)
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", server.secret_access_key)
    client = server.client()
    return Store(server.endpoint, new_bucket(client), client)


@pytest.fixture
def gateway_store(versitygw: VersityGateway, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket on versitygw."""
    return _store_on(versitygw, monkeypatch)


@pytest.fixture
def moto_store(moto_aws: MotoAws, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket on moto."""
    return _store_on(moto_aws, monkeypatch)


@pytest.fixture
def minio_store(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket on MinIO."""
    return _store_on(minio, monkeypatch)


@pytest.fixture
def ceph_store(ceph: CephServer, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket on Ceph."""
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", ceph.owner.access_key_id)
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", ceph.owner.secret_access_key)
    client = ceph.client()
    return Store(ceph.endpoint, new_bucket(client), client)


STORES = {"versitygw": "gateway_store", "minio": "minio_store", "ceph": "ceph_store", "moto": "moto_store"}


@pytest.fixture(params=STORES.values(), ids=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    """A bucket on each server in turn."""
    found: Store = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def proxy(gateway_store: Store) -> Iterator[RecordingProxy]:
    """A proxy in front of versitygw."""
    with recording_proxy(gateway_store.endpoint) as running:
        yield running


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small model's folder."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"hidden_size": 8}')
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 16)
    return folder
