"""A run that is killed between a key's creation and its record: the next run repairs it, without a third key."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.deployment import Deployment
from backends.rig import Denied, Rig
from sandbox_command import STACK

KILLED_RUN = Path(__file__).with_name("killed_run.py")


@pytest.fixture(scope="module")
def deployment(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The stack, not deployed yet."""
    if not rig.issues_keys:
        pytest.skip("keys are brought along: the stack makes none")
    bucket = f"cut-{rig.kind}-{secrets.token_hex(3)}"
    made = Deployment(rig, bucket, tmp_path_factory.mktemp(rig.kind))
    yield made
    if made.state.exists():
        made.run("destroy", check=False)
    rig.remove(bucket)


@pytest.fixture(scope="module")
def keys_before(deployment: Deployment) -> set[str] | None:
    return deployment.rig.key_ids()


def killed(deployment: Deployment, resource: str) -> None:
    """Deploy; the run dies when the resource was created."""
    done = subprocess.run(
        [sys.executable, str(KILLED_RUN), resource, "up", "--stack", STACK],
        cwd=deployment.project,
        env=os.environ | deployment.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == -signal.SIGKILL, f"{done.stdout}\n{done.stderr}"
    recorded = json.loads(deployment.state.read_text())["deployment"]
    pending = [item["resource"]["urn"].rpartition("::")[2] for item in recorded["pending_operations"]]
    assert resource in pending


@pytest.mark.parametrize("generation", [0, 1, 2])
def test_killed_while_a_key_was_made(deployment: Deployment, keys_before: set[str] | None, generation: int) -> None:
    rig = deployment.rig
    if len(deployment.keys) != generation:
        pytest.skip("the generation before was not reached")
    deployment.rotate()
    killed(deployment, f"readers-{'odd' if generation % 2 else 'even'}")
    deployment.up()
    deployment.run("preview", "--expect-no-changes")
    assert len(deployment.keys) == generation + 1
    read = deployment.object_key("config.json")
    for key in deployment.keys[-2:]:
        assert rig.read(deployment.bucket, read, key)
    for stale in deployment.keys[:-2]:
        with pytest.raises(Denied):
            rig.read(deployment.bucket, read, stale)
    if keys_before is not None:
        made = (rig.key_ids() or set()) - keys_before
        assert made == {rig.key_id(key) for key in deployment.keys[-2:]}
