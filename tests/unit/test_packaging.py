"""What the wheel installs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"pulumi_modelstore", "pulumi_modelstore_client", "pulumi_modelstore_provider", "pulumi_modelstore_sandbox"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    builder = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is in the dependency group `build`")
    (wheel,) = builder.WheelBuilder(str(ROOT)).build(
        directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"]
    )
    return zipfile.ZipFile(wheel).namelist()


def test_wheel_holds_the_four_packages_and_no_other_module(installed: list[str]) -> None:
    top_level = {name.split("/")[0] for name in installed if ".dist-info/" not in name}
    assert top_level == PACKAGES


def test_wheel_says_that_it_is_typed_and_under_which_license(installed: list[str]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(installed)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in installed)
