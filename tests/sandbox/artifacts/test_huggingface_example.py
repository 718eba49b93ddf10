"""examples/huggingface-import, from a stand-in of the hub: previewed with its Job, and deployed without."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from sandbox_command import sandbox
from standins.huggingface import Hub, Repository

EXAMPLE = Path(__file__).parents[3] / "examples" / "huggingface-import"


def test_it_is_previewed_with_its_job_and_deployed_without(sandbox_home: Path, tmp_path: Path, hub: Hub) -> None:
    folder = tmp_path / "huggingface-import"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("modelstore.lock", ".sandbox", "__pycache__"))
    hub.repositories["Qwen/Qwen3-0.6B"] = Repository()
    hub.repositories["Qwen/Qwen3-0.6B"].push({"config.json": b"{}", "model.safetensors": b"\7" * 3000, "a.bin": b"x"})

    def run(*arguments: str, **config: str) -> str:
        lines = "".join(f"  huggingface-import:{name}: {value}\n" for name, value in config.items())
        (folder / "Pulumi.dev.yaml").write_text(f"config:\n  huggingface-import:bucket: acme-models-qwen\n{lines}")
        return sandbox(folder, *arguments, environment={"HF_ENDPOINT": hub.endpoint, "NO_COLOR": "1"}).stdout

    planned = run("preview", image="registry.example.org/pulumi-modelstore:0.1.0")
    assert re.search(r"\+ +kubernetes:batch/v1:Job qwen-import-job create", planned)
    assert "model.safetensors" in planned
    assert "a.bin" not in planned
    asked = len(hub.requests)
    assert "batch/v1:Job qwen-import-job" in run("preview", hubToken="hub")
    assert len(hub.requests) == asked

    assert "batch/v1:Job" not in run("up", via="client")
    run("up", "--expect-no-changes", via="client")
