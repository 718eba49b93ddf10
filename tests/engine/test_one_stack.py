"""The one stack of tests/backends under the Pulumi CLI: keys rotate, objects stay, on every backend."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from backends.deployment import Deployment
from backends.rig import Denied, Rig, RigTools
from backends.stages import FOREIGN, READ
from pulumi_modelstore_sandbox.aws import server
from pulumi_modelstore_sandbox.plugins.executables import write_executables

RIGS = sorted(path.stem for path in (Path(__file__).parents[1] / "backends" / "rigs").glob("*.py"))
PASSPHRASE = "a passphrase for tests"

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")


class UnderCli(Deployment):
    """The deployment, with the CLI in the sandbox's place."""

    def prepare(self) -> None:
        """Write the stand-ins' plugins and make the stack."""
        write_executables(self.folder / "plugins")
        (self.folder / "state").mkdir()
        # Its own salt: the one of the stack's configuration, which holds brought-along keys.
        shutil.copy(self.project / "Pulumi.dev.yaml", self.folder)
        (self.project / "Pulumi.dev.yaml").unlink()
        self.pulumi("stack", "init", "dev")
        shutil.copy(self.folder / "Pulumi.dev.yaml", self.project)

    @property
    def environment(self) -> dict[str, str]:
        found = super().environment
        folders = [str(self.folder / "plugins"), str(Path(sys.executable).parent), found["PATH"]]
        return found | {
            "PATH": os.pathsep.join(folders),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(self.folder / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{self.folder}/state",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    @property
    def manifests(self) -> Path:
        (found,) = (self.home / "manifests").glob("*/*")
        return found

    def pulumi(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.project,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
        )
        self.said += [done.stdout, done.stderr]
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def up(self) -> None:
        self.pulumi("up", "--yes", "--skip-preview")
        key = self.current_key()
        if key not in self.keys:
            self.keys.append(key)


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    module = import_module(f"backends.rigs.{request.param}")
    folder = tmp_path / "rig"
    folder.mkdir()
    with module.rig(RigTools(folder, request)) as made:
        yield made


@pytest.fixture
def stack(rig: Rig, tmp_path: Path) -> Iterator[UnderCli]:
    made = UnderCli(rig, f"cli-{rig.kind}-{secrets.token_hex(3)}", tmp_path / "stack")
    made.prepare()
    yield made
    rig.remove(made.bucket)
    server.stop(made.home)


def test_it_is_deployed_rotated_and_destroyed(stack: UnderCli) -> None:
    rig = stack.rig
    stack.rotate()
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    for key, body in FOREIGN.items():
        rig.put(stack.bucket, key, body)
    for _ in range(2):
        stack.rotate()
        stack.up()
    oldest, previous, current = stack.keys
    if not rig.issues_keys:
        rig.drop_key(rig.key_id(oldest))
    stack.pulumi("preview", "--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--expect-no-changes", "--skip-preview")
    wanted = stack.model()[READ]
    assert rig.read(stack.bucket, stack.object_key(READ), current) == wanted
    assert rig.read(stack.bucket, stack.object_key(READ), previous) == wanted
    with pytest.raises(Denied):
        rig.read(stack.bucket, stack.object_key(READ), oldest)

    objects, key = rig.objects(stack.bucket), stack.object_key(READ)
    state = json.loads(stack.pulumi("stack", "export"))
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert rig.objects(stack.bucket) == objects
    if rig.issues_keys:
        with pytest.raises(Denied):
            rig.read(stack.bucket, key, current)
    told = "\n".join([*stack.said, json.dumps(state)])
    assert [issued.access_key_id for issued in stack.keys if issued.secret in told] == []
