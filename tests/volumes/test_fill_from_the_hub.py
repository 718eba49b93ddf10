"""The program of a fill, as the Job runs it, with the hub's own client against a stand-in of the hub."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore import HuggingFaceFill
from pulumi_modelstore_provider.fills.program import fill_program
from pulumi_modelstore_provider.fills.specification import Specification
from volumes.hub import COMMIT, REPOSITORY, TOKEN, Hub, running_hub

pytest.importorskip("huggingface_hub", reason="the hub's client is not installed")

FILES = {
    "config.json": b"{}",
    "model-1.safetensors": os.urandom(3_000_000),
    "original/consolidated.pth": b"\3" * 2000,
    "tokenizer/vocab.json": b"[]",
}
TAKEN = {name: body for name, body in FILES.items() if not name.startswith("original")}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub(FILES) as hub:
        yield hub


class Job:
    """The container of the Job: the program, what it is to do, and the environment that the pod gives it."""

    def __init__(self, folder: Path, hub: Hub, **settings: Any) -> None:
        fill = HuggingFaceFill(repository=REPOSITORY, **{"revision": COMMIT, "exclude": ("original/*",)} | settings)
        specification = Specification(fill.source(), folder=fill.folder, packages=fill.packages(), stale_after=1.5)
        self.program, self.document, self.volume = folder / "fill.pyz", folder / "fill.json", folder / "volume"
        self.program.write_bytes(fill_program())
        self.document.write_text(specification.to_json())
        self.volume.mkdir(exist_ok=True)
        home = folder / "home"
        home.mkdir(exist_ok=True)
        self.environment = {
            "HOME": str(home),
            "HF_HOME": str(home / "hf"),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": TOKEN,
            "PATH": "/usr/bin:/bin",
            "NO_PROXY": "127.0.0.1",
        }

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.program), "fill", str(self.document), str(self.volume)]
        return subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self) -> tuple[int, str]:
        child = self.start()
        said, _ = child.communicate(timeout=120)
        return child.returncode, said

    def held(self) -> dict[str, bytes]:
        files = (path for path in self.volume.rglob("*") if path.is_file() and ".modelstore" not in path.parts)
        return {path.relative_to(self.volume).as_posix(): path.read_bytes() for path in files}


def is_noted(folder: Path, path: str) -> bool:
    """Whether the hub's client has written down that a file is complete; until then it would fetch it again."""
    note = folder / ".cache" / "huggingface" / "download" / f"{path}.metadata"
    return note.exists() and note.stat().st_size > 0


def test_a_download_that_is_killed_goes_on_with_the_files_that_are_missing(tmp_path: Path, hub: Hub) -> None:
    job = Job(tmp_path, hub)
    hub.hold = ("model-1.safetensors", 1_000_000)
    child = job.start()
    assert hub.holding.wait(60)
    incoming = job.volume / ".modelstore" / "incoming"
    while not all(is_noted(incoming, path) for path in ("tokenizer/vocab.json", "config.json")):
        assert child.poll() is None
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    assert job.held() == {}, "nothing is where pods read before all of it is there"
    hub.hold = None
    hub.release.set()

    status, said = job.run()
    assert status == 0, said
    assert job.held() == TAKEN
    assert sorted(hub.read) == ["config.json", *["model-1.safetensors"] * 2, "tokenizer/vocab.json"]
    assert TOKEN not in said
    assert not (job.volume / ".modelstore" / "incoming").exists()

    before = len(hub.read)
    assert job.run()[0] == 0
    assert len(hub.read) == before, "a complete volume asks for nothing"


def test_a_file_that_arrives_damaged_is_brought_anew(tmp_path: Path, hub: Hub) -> None:
    job = Job(tmp_path, hub)
    hub.damage.add("model-1.safetensors")
    status, said = job.run()
    assert status == 1
    assert "did not arrive as the source has them: model-1.safetensors" in said
    assert job.held() == {}
    hub.damage.clear()
    assert job.run()[0] == 0
    assert job.held() == TAKEN


def test_a_refused_token_and_a_missing_revision_are_told_with_their_remedy(tmp_path: Path, hub: Hub) -> None:
    job = Job(tmp_path, hub)
    job.environment["HF_TOKEN"] = "hf_somebodyElses0000"
    status, said = job.run()
    assert status == 1
    assert "in a Secret under the key HF_TOKEN" in said.splitlines()[-1]
    assert "hf_somebodyElses0000" not in said

    status, said = Job(tmp_path, hub, revision="0b" * 20).run()
    assert status == 1
    assert "Check the repository's name and the revision" in said.splitlines()[-1]


def test_a_pod_that_is_told_to_end_gives_its_lease_up(tmp_path: Path, hub: Hub) -> None:
    job = Job(tmp_path, hub)
    hub.hold = ("model-1.safetensors", 1_000_000)
    child = job.start()
    assert hub.holding.wait(60)
    child.terminate()
    child.communicate(timeout=60)
    assert child.returncode == 143
    assert (job.volume / ".modelstore" / "lease" / "00000001.done").exists()
