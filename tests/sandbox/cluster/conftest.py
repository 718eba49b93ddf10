"""The provider against a folder of manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.driver import Driver


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sandbox's home; no file of definitions is at hand."""
    home = tmp_path / "home"
    monkeypatch.setenv("MODELSTORE_SANDBOX_HOME", str(home))
    monkeypatch.delenv("MODELSTORE_KSERVE_CRDS", raising=False)
    return home


@pytest.fixture
def manifests(home: Path) -> Path:
    """The folder of the driver's stack."""
    return home / "manifests" / "models" / "dev"


@pytest.fixture
def driver(home: Path) -> Driver:
    """A stack `dev` of a project `models`."""
    return Driver()
