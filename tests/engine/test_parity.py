"""Where both can run a program, the sandbox takes the Pulumi CLI's steps and writes the state that it writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli import Engine, engines

PROGRAMS = Path(__file__).parent / "programs"
PROJECT = "name: parity\nruntime: python\n"
HISTORIES = sorted(path.name for path in PROGRAMS.iterdir() if path.is_dir() and path.name != "__pycache__")

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")

# What two runs of one engine would not share either, and positions in the program's file.
VARYING = {"id", "created", "modified", "sourcePosition", "stackTrace", "ciphertext"}
NAMED_BY_CHANCE = {"id", "createDate", "uniqueId"}


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    pair = engines(tmp_path, PROJECT)
    for engine in pair:
        shutil.copy(PROGRAMS / "files.py", engine.project)
    yield pair
    for engine in pair:
        engine.close()


@pytest.mark.parametrize("history", HISTORIES)
def test_same_steps_and_same_state(history: str, both: tuple[Engine, Engine]) -> None:
    cli, sandbox = both
    for program in sorted((PROGRAMS / history).glob("*.py")):
        text = program.read_text(encoding="utf-8")
        for engine in both:
            engine.program(text)
        taken = cli.up()
        assert taken or program.stem != "0", "the first program creates something"
        assert sandbox.up() == taken, f"{program.stem}: the steps"
        assert resources(sandbox) == resources(cli), f"{program.stem}: the state"
    assert sandbox.up() == {}, "nothing is left to do"
    for engine in both:
        engine.run("destroy", "--yes")
    assert resources(sandbox) == resources(cli)


def resources(engine: Engine) -> dict[str, Any]:
    """The state's resources by URN (and whether they wait for deletion), without what no two runs share."""
    found = engine.export().get("resources", [])
    return {f"{item['urn']} {item.get('delete', False)}": comparable(item) for item in found}


def comparable(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if key not in VARYING}
    kept["dependencies"] = sorted(resource.get("dependencies", []))
    kept["propertyDependencies"] = {
        key: sorted(urns or []) for key, urns in resource.get("propertyDependencies", {}).items()
    }
    if "provider" in kept:
        kept["provider"] = kept["provider"].rsplit("::", 1)[0]
    for side in ("inputs", "outputs"):
        kept[side] = {key: sealed(value) for key, value in resource.get(side, {}).items() if key not in NAMED_BY_CHANCE}
    return kept


def sealed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sealed(item) for key, item in value.items() if key not in VARYING}
    if isinstance(value, list):
        return [sealed(item) for item in value]
    return value
