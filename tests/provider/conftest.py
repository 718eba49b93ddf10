"""Stores for the provider's tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from provider.places import Place, azure_place, gcs_place, s3_place
from provider.recording_proxy import RecordingProxy, recording_proxy
from provider.stores import Store, new_bucket
from servers.azurite import Azurite
from servers.ceph import CephServer
from servers.gcs import GcsServer
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


def _place_at(made: tuple[Place, Mapping[str, str]], monkeypatch: pytest.MonkeyPatch) -> Place:
    place, variables = made
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return place


@pytest.fixture
def gateway_place(versitygw: VersityGateway, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket to read from, on versitygw."""
    return _place_at(s3_place(versitygw), monkeypatch)


@pytest.fixture
def minio_place(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket to read from, on MinIO."""
    return _place_at(s3_place(minio), monkeypatch)


@pytest.fixture
def ceph_place(ceph: CephServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket to read from, on Ceph."""
    return _place_at(s3_place(ceph), monkeypatch)


@pytest.fixture
def azurite_place(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A container to read from, on Azurite."""
    return _place_at(azure_place(azurite), monkeypatch)


@pytest.fixture
def google_place(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket to read from, on the emulator of Cloud Storage."""
    place = _place_at(gcs_place(gcs), monkeypatch)
    place.objects.create_bucket()
    return place


PLACES = {
    "versitygw": "gateway_place",
    "minio": "minio_place",
    "ceph": "ceph_place",
    "azurite": "azurite_place",
    "gcs": "google_place",
}


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    """A bucket to read from, on each kind of store in turn."""
    found: Place = request.getfixturevalue(request.param)
    return found
