"""The API server, and a namespace of it for each test."""

from __future__ import annotations

import uuid

import pytest

from cluster.driver import Driver
from servers.apiserver import ApiServer, apiserver

__all__ = ["apiserver"]


@pytest.fixture
def namespace(apiserver: ApiServer) -> str:
    """An empty namespace."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    apiserver.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    return name


@pytest.fixture
def driver(apiserver: ApiServer, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """The provider against the API server, with the test's namespace as its default one."""
    monkeypatch.setenv("MODELSTORE_SANDBOX_KUBECONFIG", str(apiserver.kubeconfig))
    return Driver(namespace=namespace)
