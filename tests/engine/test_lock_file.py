"""The lock file under the Pulumi CLI: a checkout without weights, hub or write key previews what the author's does."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.artifacts.checkout import store_key
from servers.versitygw import VersityGateway
from standins.files import Answer
from standins.huggingface import Repository, huggingface_hub

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")

PROGRAM = """
from pulumi_modelstore import HuggingFaceRepository, ModelArtifact, S3Compatible, StorageNamespace
backend = S3Compatible(bucket="{bucket}", endpoint="{endpoint}", credentials="env:STORE")
models = StorageNamespace("models", backend=backend, adopt=True)
tokenizer = HuggingFaceRepository(repo="org/tokenizer", endpoint="{hub}", into="tokenizer")
ModelArtifact("tiny", namespace=models, source=["model", tokenizer], tags=["latest"], keep_versions=2)
"""


@dataclass(frozen=True)
class Checkout:
    """A folder with the program, deployed into the stack `dev` of a state that checkouts share."""

    folder: Path
    environment: Mapping[str, str]

    def pulumi(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=os.environ | dict(self.environment) | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert not check or done.returncode == 0, f"{arguments}:\n{done.stdout}\n{done.stderr}"
        return done

    def steps(self) -> list[dict[str, Any]]:
        """What the preview would do, without when anything was last changed."""
        steps = json.loads(self.pulumi("preview", "--json", "--stack", "dev").stdout)["steps"]
        for step in steps:
            for state in (step.get("oldState"), step.get("newState")):
                for moment in ("created", "modified"):
                    (state or {}).pop(moment, None)
        return list(steps)


def test_checkout_without_weights_hub_or_write_key(tmp_path: Path, versitygw: VersityGateway) -> None:
    bucket = f"locked-{secrets.token_hex(4)}"
    versitygw.client().create_bucket(Bucket=bucket)
    writer, reader = (store_key(versitygw, bucket, write=write) for write in (True, False))
    (tmp_path / "state").mkdir()
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PULUMI_HOME": str(tmp_path / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    author = Checkout(tmp_path / "author", environment | writer)
    (author.folder / "model").mkdir(parents=True)
    (author.folder / "model/config.json").write_text("{}")
    with huggingface_hub() as hub:
        hub.repositories["org/tokenizer"] = Repository()
        hub.repositories["org/tokenizer"].push({"tokenizer.json": b"{}", "merges.bin": b"\7" * 3000})
        program = PROGRAM.format(bucket=bucket, endpoint=versitygw.endpoint, hub=hub.endpoint)
        (author.folder / "__main__.py").write_text(program)
        (author.folder / "Pulumi.yaml").write_text("name: locked\nruntime: python\n")
        author.pulumi("stack", "init", "dev")
        deployed = author.pulumi("up", "--yes", "--skip-preview", "--stack", "dev").stdout
        assert "modelstore.lock: tiny added, commit it" in deployed
        (author.folder / "model/config.json").write_text('{"edited": 1}')
        planned = author.steps()
        assert [step["op"] for step in planned if step["op"] != "same"] == ["update", "update"]

        runner = Checkout(tmp_path / "runner", environment | reader)
        shutil.copytree(author.folder, runner.folder, ignore=shutil.ignore_patterns("model"))
        hub.before = lambda _: Answer(500)
        asked = len(hub.requests)
        assert runner.steps() == planned
        assert len(hub.requests) == asked

        remade = runner.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False, HF_HUB_OFFLINE="1")
        assert remade.returncode != 0
        assert "run where the files are: modelstore artifacts push tiny" in " ".join(remade.stdout.split())
