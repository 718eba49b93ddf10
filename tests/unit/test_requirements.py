"""What pip installs from is what uv.lock says, also where uv is not there to compare them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"^([a-z0-9-]+)(?:\[[^]]*\])?==([^ ]+)[^\n]*\\\n((?:    --hash=[^\n]+\n?)+)", re.MULTILINE)


@pytest.mark.parametrize("kind", ["quickstart", "development"])
def test_requirements_are_those_of_the_lock(kind: str) -> None:
    locked = {
        (package["name"], package["version"]): {
            file["hash"] for file in [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        }
        for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
        if "version" in package
    }
    text = (ROOT / "requirements" / f"{kind}.txt").read_text()
    required = {
        (name, version): set(re.findall(r"--hash=(\S+)", hashes)) for name, version, hashes in REQUIREMENT.findall(text)
    }
    assert len(required) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 50
    assert required == {package: locked.get(package) for package in required}


def test_development_holds_all_that_quickstart_does() -> None:
    quickstart, development = (
        {requirement[:2] for requirement in REQUIREMENT.findall((ROOT / "requirements" / name).read_text())}
        for name in ("quickstart.txt", "development.txt")
    )
    assert quickstart < development
