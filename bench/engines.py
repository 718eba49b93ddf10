"""A stack of small resources under the sandbox and, where it is installed, the Pulumi CLI."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.timing import median_seconds, own_environment, seconds

RESOURCES = 500
GROUPS = 10
PREVIEW_RUNS = 3
STACK = "bench"
MODELSTORE = [str(Path(sys.executable).with_name("modelstore")), "sandbox"]

PROJECT = f"""\
name: small-resources
runtime:
  name: python
  options:
    virtualenv: {sys.prefix}
"""

# Ten components of fifty ConfigMaps; in each the first one comes before the others.
PROGRAM = f"""\
import pulumi
import pulumi_kubernetes as kubernetes

edited = pulumi.Config().get_bool("edited") or False
for group in range({GROUPS}):
    component = pulumi.ComponentResource("bench:index:Group", f"group-{{group}}")
    first = None
    for index in range({RESOURCES // GROUPS}):
        name = f"small-{{group}}-{{index}}"
        value = "edited" if edited and (group, index) == (5, 25) else "as it was"
        made = kubernetes.core.v1.ConfigMap(
            name,
            metadata={{"name": name, "namespace": "default"}},
            data={{"index": str(index), "value": value}},
            opts=pulumi.ResourceOptions(parent=component, depends_on=[first] if first else None),
        )
        first = first or made
"""


@dataclass(frozen=True)
class Runner:
    """One engine on a project folder of its own."""

    command: list[str]
    folder: Path
    environment: dict[str, str]

    def edit(self, edited: bool) -> None:
        """Choose by configuration whether one resource differs; the salt that an engine keeps there stays."""
        text = f'config:\n  small-resources:edited: "{str(edited).lower()}"\n'
        settings = self.folder / f"Pulumi.{STACK}.yaml"
        kept = [line for line in _lines(settings) if line.startswith("encryptionsalt")]
        settings.write_text(text + "".join(kept), encoding="utf-8")

    def once(self, *arguments: str) -> float:
        """Wall seconds of one command."""
        return seconds([*self.command, *arguments], folder=self.folder, environment=self.environment)

    def median(self, *arguments: str) -> float:
        """Median wall seconds of a command that changes nothing."""
        command = [*self.command, *arguments]
        return median_seconds(command, runs=PREVIEW_RUNS, folder=self.folder, environment=self.environment)

    def measure(self) -> dict[str, float]:
        """Wall seconds of each step."""
        chosen = ("--stack", STACK)
        self.edit(False)
        steps = {"first up": self.once("up", "--yes", *chosen)}
        steps["no-change preview"] = self.median("preview", *chosen)
        self.edit(True)
        steps["one-change preview"] = self.median("preview", *chosen)
        steps["destroy"] = self.once("destroy", "--yes", *chosen)
        return {name: round(taken, 2) for name, taken in steps.items()}


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines(keepends=True) if file.is_file() else []


def _project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    return folder


def _sandbox(scratch: Path, environment: dict[str, str]) -> Runner:
    home = {"MODELSTORE_SANDBOX_HOME": str(scratch / "sandbox-home")}
    return Runner(MODELSTORE, _project(scratch / "sandbox"), environment | home)


def _cli(pulumi: str, scratch: Path, environment: dict[str, str]) -> Runner:
    plugins, state = scratch / "plugins", scratch / "state"
    state.mkdir()
    own = environment | {
        "PATH": os.pathsep.join([str(plugins), str(Path(sys.executable).parent), environment["PATH"]]),
        "MODELSTORE_SANDBOX_HOME": str(scratch / "cli-home"),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_HOME": str(scratch / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    runner = Runner([pulumi, "--non-interactive"], _project(scratch / "cli"), own)
    seconds([*MODELSTORE, "plugins", str(plugins)], folder=runner.folder, environment=own)
    runner.once("stack", "init", STACK)
    return runner


def measure(scratch: Path) -> dict[str, dict[str, float]]:
    """Wall seconds by engine and step; the CLI's only where `pulumi` is on PATH."""
    environment = own_environment() | {"PULUMI_CONFIG_PASSPHRASE": "bench"}
    runners = {"sandbox": _sandbox(scratch, environment)}
    pulumi = shutil.which("pulumi")
    if pulumi:
        runners["Pulumi CLI"] = _cli(pulumi, scratch, environment)
    return {name: runner.measure() for name, runner in runners.items()}
