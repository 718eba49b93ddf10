"""The rigs, one after another: every test that asks for one runs on each."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from backends.rig import Rig, RigTools

RIGS = sorted(path.stem for path in (Path(__file__).parent / "rigs").glob("*.py"))


@pytest.fixture(scope="package", params=RIGS)
def rig(
    request: pytest.FixtureRequest, own_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    """A backend's store, running."""
    module = import_module(f"backends.rigs.{request.param}")
    with module.rig(RigTools(tmp_path_factory.mktemp(request.param), request)) as made:
        yield made
