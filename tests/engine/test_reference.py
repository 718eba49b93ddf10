"""The repository's root as a user of the Pulumi CLI finds it, in a shell that has read the plugins' `activate`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_modelstore_sandbox.aws import server

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")


@pytest.fixture
def pulumi(tmp_path: Path) -> Iterator[Callable[..., str]]:
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", project)
    shutil.copytree(ROOT / "examples", project / "examples", symlinks=True, ignore=shutil.ignore_patterns("model"))
    (project / ".venv").symlink_to(sys.prefix)
    modelstore = Path(sys.executable).parent / "modelstore"
    written = [str(modelstore), "sandbox", "plugins", str(tmp_path / "plugins"), "--cwd", str(project)]
    subprocess.run(written, check=True, capture_output=True)
    (tmp_path / "state").mkdir()
    script = f"""
        . '{tmp_path}/plugins/activate'
        export PULUMI_HOME='{tmp_path}/pulumi' PULUMI_BACKEND_URL='file://{tmp_path}/state'
        export PULUMI_CONFIG_PASSPHRASE='for this test alone' PULUMI_SKIP_UPDATE_CHECK=true
        pulumi "$@" --non-interactive
    """

    def run(*arguments: str) -> str:
        command = ["sh", "-c", script, "sh", *arguments]
        done = subprocess.run(
            command, cwd=project, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    yield run
    server.stop(project / ".sandbox")


def test_it_is_deployed_rotated_and_destroyed(pulumi: Callable[..., str]) -> None:
    pulumi("stack", "init", "dev")
    assert "verified by the store's" in pulumi("up", "--yes", "--skip-preview")
    pulumi("preview", "--expect-no-changes")
    pulumi("config", "set", "rotation", "1")
    rotated = pulumi("up", "--yes")
    assert "models-reader-odd create" in rotated
    assert "models-reader-even" not in rotated, "the key that was current stays as it is"
    pulumi("config", "set", "rotation", "2")
    again = pulumi("up", "--yes")
    assert "models-reader-even replace" in again
    assert "models-reader-odd" not in again
    assert "stay in s3://" in pulumi("destroy", "--yes", "--skip-preview")
