"""A claim that is to become smaller: both engines hold the new size to the recorded one, and refuse it at preview."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli import Engine, engines

PROGRAM = """
from pulumi_modelstore import ModelVolume

ModelVolume("llama", size="{size}", kubernetes_namespace="llm")
"""

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    pair = engines(tmp_path, "name: sizes\nruntime: python\n")
    yield pair
    for engine in pair:
        engine.close()


def test_a_smaller_claim_is_refused_at_preview(both: tuple[Engine, Engine]) -> None:
    for engine in both:
        engine.program(PROGRAM.format(size="30Gi"))
        engine.up()
        engine.program(PROGRAM.format(size="15Gi"))
        refused = engine.run("preview", check=False)
        assert refused.code != 0
        assert "15Gi is less than the 30Gi of claim llm/llama-model-storage" in refused.text
        engine.program(PROGRAM.format(size="40Gi"))
        changed = {urn.rpartition("::")[2]: steps for urn, steps in engine.up().items()}
        assert changed == {"llama-claim": ["update"], "llama-claim-size": ["update"]}
        assert engine.up() == {}
