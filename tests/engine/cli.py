"""The Pulumi CLI and the sandbox, each running the same program in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_modelstore_sandbox.aws import server
from pulumi_modelstore_sandbox.plugins.executables import write_executables

PASSPHRASE = "a passphrase for tests"
STACK = "dev"


@dataclass(frozen=True)
class Ran:
    """What one command printed and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        return f"{self.stdout}\n{self.stderr}"


@dataclass
class Engine:
    """One engine with one project: `command` is what precedes the verb."""

    command: list[str]
    project: Path
    environment: dict[str, str] = field(repr=False)

    def run(self, *arguments: str, check: bool = True, timeout: float = 300) -> Ran:
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        if check:
            assert ran.code == 0, f"{' '.join(arguments)} ended with {ran.code}:\n{ran.text}"
        return ran

    @property
    def is_cli(self) -> bool:
        return Path(self.command[0]).name == "pulumi"

    def program(self, text: str) -> None:
        (self.project / "__main__.py").write_text(text, encoding="utf-8")

    def close(self) -> None:
        server.stop(Path(self.environment["MODELSTORE_SANDBOX_HOME"]))

    def up(self) -> dict[str, list[str]]:
        """Bring the program about; the steps of the preview by URN, without those that change nothing."""
        steps = json.loads(self.run("preview", "--json").stdout).get("steps", [])
        self.run("up", "--yes", *(["--skip-preview"] if self.is_cli else []))
        found: dict[str, list[str]] = {}
        for step in steps:
            if step["op"] != "same":
                found.setdefault(step["urn"], []).append(step["op"])
        return found

    def export(self) -> dict[str, Any]:
        arguments = ["stack", "export"] if self.is_cli else ["export"]
        return json.loads(self.run(*arguments).stdout)["deployment"]


def engines(tmp_path: Path, project_yaml: str) -> tuple[Engine, Engine]:
    """The CLI and the sandbox, each with its own copy of the project, state, AWS and manifests."""
    pulumi = shutil.which("pulumi")
    assert pulumi is not None
    made = []
    for name in ("cli", "sandbox"):
        folder = tmp_path / name / "project"
        folder.mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(project_yaml, encoding="utf-8")
        environment = {
            **os.environ,
            "MODELSTORE_SANDBOX_HOME": str(tmp_path / name / "home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "NO_COLOR": "1",
        }
        made.append((folder, environment))
    (cli_folder, cli_environment), (sandbox_folder, sandbox_environment) = made
    plugins = tmp_path / "plugins"
    modelstore = [str(Path(sys.executable).parent / "modelstore")]
    write_executables(plugins)
    (tmp_path / "cli" / "state").mkdir()
    cli_environment |= {
        "PATH": os.pathsep.join([str(plugins), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PULUMI_HOME": str(tmp_path / "cli" / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/cli/state",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    cli = Engine([pulumi, "--non-interactive", "--stack", STACK], cli_folder, cli_environment)
    cli.command = [pulumi, "--non-interactive"]
    cli.run("stack", "init", STACK)
    sandbox = Engine([*modelstore, "sandbox"], sandbox_folder, sandbox_environment)
    return cli, sandbox
