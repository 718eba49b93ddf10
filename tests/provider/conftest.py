"""Stores for the provider's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provider.recording_proxy import RecordingProxy, recording_proxy
from provider.stores import Store, new_bucket
from servers.moto import MotoAws
from servers.versitygw import VersityGateway


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees another's digests."""
    monkeypatch.setenv("MODELSTORE_CACHE_HOME", str(tmp_path / "digest-cache"))


@pytest.fixture
def gateway_store(versitygw: VersityGateway, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket on versitygw."""
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", versitygw.access_key_id)
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", versitygw.secret_access_key)
    client = versitygw.client()
    return Store(versitygw.endpoint, new_bucket(client), client)


@pytest.fixture
def moto_store(moto_aws: MotoAws, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A bucket on moto."""
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", moto_aws.access_key_id)
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", moto_aws.secret_access_key)
    client = moto_aws.client()
    return Store(moto_aws.endpoint, new_bucket(client), client)


@pytest.fixture(params=["versitygw", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    """A bucket on each server in turn."""
    name = "gateway_store" if request.param == "versitygw" else "moto_store"
    found: Store = request.getfixturevalue(name)
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
