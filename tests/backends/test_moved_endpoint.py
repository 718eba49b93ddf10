"""A store that is reached by another name from now on: what the stack replaces for it works in the end."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from backends.deployment import Deployment
from backends.rig import Rig

NUMBER, NAME = "//127.0.0.1:", "//localhost:"


@pytest.fixture(scope="module")
def moved(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deployed by the number of the loopback, and then by its name."""
    if not rig.issues_keys:
        pytest.skip("keys are brought along: the stack makes none")
    bucket = f"moved-{rig.kind}-{secrets.token_hex(3)}"
    settings = rig.settings(bucket)
    named = {key: _named(value) for key, value in settings.items()}
    if named == settings:
        pytest.skip("the backend's settings name no address")
    made = Deployment(rig, bucket, tmp_path_factory.mktemp(f"moved-{rig.kind}"))
    made.rotate()
    made.up()
    made.configure(backend=named)
    made.up()
    yield made
    made.run("destroy", check=False)
    rig.remove(bucket)


def _named(value: Any) -> Any:
    return value.replace(NUMBER, NAME) if isinstance(value, str) else value


def test_the_key_that_pods_get_reads_the_model(moved: Deployment) -> None:
    assert (
        moved.rig.read(moved.bucket, moved.object_key("config.json"), moved.current_key())
        == (moved.model()["config.json"])
    )


def test_a_refresh_misses_nothing(moved: Deployment) -> None:
    before = moved.stack()
    moved.run("refresh")
    assert {resource.name for resource in moved.stack()} == {resource.name for resource in before}
