"""A bucket of its own for each test, keys to it, and a hub."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from sandbox.artifacts.checkout import store_key
from servers.versitygw import VersityGateway
from standins.huggingface import Hub, Repository, huggingface_hub


@pytest.fixture
def bucket(versitygw: VersityGateway) -> str:
    name = f"artifacts-{secrets.token_hex(4)}"
    versitygw.client().create_bucket(Bucket=name)
    return name


@pytest.fixture
def writer(versitygw: VersityGateway, bucket: str) -> dict[str, str]:
    return store_key(versitygw, bucket, write=True)


@pytest.fixture
def reader(versitygw: VersityGateway, bucket: str) -> dict[str, str]:
    return store_key(versitygw, bucket, write=False)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub with one repository, `org/tokenizer`."""
    with huggingface_hub() as running:
        running.repositories["org/tokenizer"] = repository = Repository()
        repository.push({"tokenizer.json": b"{}", "merges.bin": b"\7" * 3000})
        yield running
