"""The README's program is one that deploys, and its rotation is the one that it describes."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox_command import sandbox

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
PROGRAM, *OTHERS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ROTATED = next(block for block in OTHERS if "rotation=" in block)


def test_program_deploys_and_its_keys_rotate(sandbox_home: Path, tmp_path: Path) -> None:
    project = tmp_path / "acme"
    (project / "weights/llama").mkdir(parents=True)
    (project / "weights/llama/config.json").write_text("{}")
    (project / "Pulumi.yaml").write_text("name: acme\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    sandbox(project, "up", environment={})

    keys = next(line for line in PROGRAM.splitlines() if line.startswith("readers = "))
    (project / "__main__.py").write_text(PROGRAM.replace(keys, ROTATED.strip()))
    rotated = sandbox(project, "preview", environment={}).stdout
    assert re.search(r"\+ +aws:iam/accessKey:AccessKey model-readers-odd create", rotated)
    assert "model-readers-even" not in rotated
    assert re.search(r"core/v1:Secret model-readers-secret replace", rotated)
    assert re.search(r"~ +kubernetes:serving.kserve.io/v1beta1:InferenceService llama-service update", rotated)
