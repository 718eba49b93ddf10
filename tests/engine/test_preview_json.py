"""`preview --json` of both engines: the same steps, with the same keys and values."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli import Engine, engines

PROGRAMS = Path(__file__).parent / "programs"
PROJECT = "name: parity\nruntime: python\nconfig:\n  parity:size: {type: integer, default: 3}\n"
# What no two runs share: times, positions, and what is named by chance.
VARYING = {"created", "modified", "sourcePosition", "stackTrace", "id", "provider", "uniqueId", "createDate"}

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    pair = engines(tmp_path, PROJECT)
    for engine in pair:
        shutil.copy(PROGRAMS / "files.py", engine.project)
    yield pair
    for engine in pair:
        engine.close()


@pytest.mark.parametrize(
    "history", ["replace", "delete_before_replace", "secrets", "unknowns", "providers", "delete_order"]
)
def test_steps_have_the_same_keys_and_values(history: str, both: tuple[Engine, Engine]) -> None:
    for program in sorted((PROGRAMS / history).glob("*.py")):
        documents = []
        for engine in both:
            engine.program(program.read_text(encoding="utf-8"))
            documents.append(json.loads(engine.run("preview", "--json").stdout))
        of_cli, of_sandbox = documents
        assert of_sandbox["config"] == of_cli["config"]
        assert of_sandbox["changeSummary"] == of_cli["changeSummary"]
        assert isinstance(of_sandbox["duration"], int)
        # The sandbox tells which properties differ where a provider leaves that out, too.
        told = {(step["urn"], step["op"]) for step in of_cli["steps"] if step["detailedDiff"]}
        assert steps(of_sandbox, told) == steps(of_cli, told), program.stem
        for engine in both:
            engine.up()


def steps(document: dict[str, Any], told: set[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    found = {}
    for step in document["steps"]:
        key = (step["urn"], step["op"])
        kept = without_varying(step)
        if key not in told or "::pulumi:providers:" in step["urn"]:
            kept = {name: value for name, value in kept.items() if name not in {"detailedDiff", "diffReasons"}}
        found[key] = kept
    return found


def without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: without_varying(item) for key, item in value.items() if key not in VARYING}
        # Their order follows from which registration came first.
        return kept | ({"dependencies": sorted(kept["dependencies"])} if "dependencies" in kept else {})
    if isinstance(value, list):
        return [without_varying(item) for item in value]
    return value
