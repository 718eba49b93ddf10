"""The Pulumi CLI takes a state of the sandbox, and the sandbox one of the CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_sandbox.engine.journal import PendingOperation
from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE, ResourceState
from pulumi_modelstore_sandbox.engine.values import Secret
from pulumi_modelstore_sandbox.state.errors import WrongPassphraseError
from pulumi_modelstore_sandbox.state.home import Home
from pulumi_modelstore_sandbox.state.outputs import outputs_of
from pulumi_modelstore_sandbox.state.store import StateFile

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
THING = "urn:pulumi:dev::proj::test:index:Thing::a"
PROVIDER = "urn:pulumi:dev::proj::pulumi:providers:test::default"
PASSWORD = "correct-horse-battery"


class Cli:
    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        (folder / "backend").mkdir()
        (self.project / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
        self.environment = {
            **os.environ,
            "PULUMI_HOME": str(folder / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{folder}/backend",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_CONFIG_PASSPHRASE": "pw",
        }
        self.run("stack", "init", "dev")

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "pw")
    return Home(tmp_path / "home")


def state_of(home: Home) -> StateFile:
    return StateFile(home.state("proj", "dev"), home)


def resources() -> list[ResourceState]:
    outputs = {
        "password": Secret(PASSWORD),
        "deep": {"x": [1.5, None, Secret({"y": [PASSWORD, 2**40]})]},
        "text": "é<&\u2028",
    }
    return [
        ResourceState(STACK, STACK_TYPE, custom=False, outputs=outputs),
        ResourceState(PROVIDER, "pulumi:providers:test", custom=True, id="1", parent=""),
        ResourceState(
            THING,
            "test:index:Thing",
            custom=True,
            id="x",
            parent=STACK,
            provider=f"{PROVIDER}::1",
            inputs={"a": Secret([PASSWORD])},
            property_dependencies={"a": [STACK]},
            dependencies=[STACK],
            hide_diff=["a.b[0]"],
            replacement_trigger=3,
            custom_timeouts={"create": 60.0},
            protect=True,
        ),
    ]


def as_pulumi_reads(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    def blind(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: "…" if key == "ciphertext" else blind(item) for key, item in value.items()}
        return [blind(item) for item in value] if isinstance(value, list) else value

    return [blind(resource) for resource in deployment["resources"]]


@pytest.mark.parametrize("how", ["export", "file"])
def test_the_cli_takes_a_state_and_opens_its_secrets(cli: Cli, home: Home, tmp_path: Path, how: str) -> None:
    state_of(home).write(resources(), [PendingOperation(resources()[-1], "updating")])
    path = home.state("proj", "dev")
    if how == "export":
        path = tmp_path / "exported.json"
        path.write_text(json.dumps(state_of(home).export()))
    cli.run("stack", "import", "--file", str(path))
    outputs = json.loads(cli.run("stack", "output", "--json", "--show-secrets"))
    assert outputs == {"password": PASSWORD, "deep": {"x": [1.5, None, {"y": [PASSWORD, 2**40]}]}, "text": "é<&\u2028"}
    exported = json.loads(cli.run("stack", "export"))["deployment"]
    assert as_pulumi_reads(exported) == as_pulumi_reads(state_of(home).export()["deployment"])
    assert exported["manifest"]["magic"]


def test_an_export_of_the_cli_loads_with_its_secrets(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    state_of(home).write(resources(), [])
    cli.run("stack", "import", "--file", str(home.state("proj", "dev")))
    home.state("proj", "dev").write_text(cli.run("stack", "export"))
    assert state_of(home).snapshot() == resources()
    assert outputs_of(state_of(home))["password"] == Secret(PASSWORD)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "other")
    with pytest.raises(WrongPassphraseError):
        state_of(home).require_passphrase()


def test_a_stack_without_secrets(cli: Cli, home: Home) -> None:
    state_of(home).write([ResourceState(STACK, STACK_TYPE, custom=False, outputs={"n": 1})], [])
    assert not state_of(home).has_secrets
    cli.run("stack", "import", "--file", str(home.state("proj", "dev")))
    assert json.loads(cli.run("stack", "output", "--json")) == {"n": 1}
