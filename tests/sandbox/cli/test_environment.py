"""What a run sets in the environment for the program and the providers, and when."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pulumi_modelstore_sandbox.aws.server import is_running
from sandbox.cli.programs import Project
from sandbox_command import MODELSTORE, sandbox

SEEN = """
import os
seen = {name: os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "MODELSTORE_SANDBOX_KUBECONFIG")}
"""


@pytest.fixture
def project(tmp_path: Path, sandbox_home: Path) -> Project:
    made = Project(tmp_path)
    made.home = sandbox_home
    return made


def seen_by(project: Project, program: str, *arguments: str, **environment: str) -> dict[str, dict[str, str | None]]:
    project.program(program)
    sandbox(project.folder, "up", *arguments, environment=project.environment | environment)
    printed = sandbox(project.folder, "outputs", "--json", environment=project.environment).stdout
    read: dict[str, dict[str, str | None]] = json.loads(printed)
    return read


def test_aws_is_started_for_a_program_that_speaks_to_it_and_for_no_other(project: Project) -> None:
    seen = seen_by(project, f"{SEEN}\npulumi.export('before', seen)", AWS_ENDPOINT_URL="http://192.0.2.1")
    assert seen["before"]["AWS_ENDPOINT_URL"] == "http://192.0.2.1"
    assert not is_running(project.home)
    seen = seen_by(project, f"import pulumi_aws\n{SEEN}\npulumi.export('after', seen)", AWS_PROFILE="mine")
    assert is_running(project.home)
    url = seen["after"]["AWS_ENDPOINT_URL"]
    assert url is not None
    assert url.startswith("http://127.0.0.1:")
    assert seen["after"]["AWS_PROFILE"] is None


def test_the_command_line_names_other_ends(project: Project, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{}")
    keys = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret-key"}
    options = ("--kubeconfig", str(kubeconfig), "--aws-endpoint", "http://192.0.2.1:9000")
    seen = seen_by(project, f"import botocore\n{SEEN}\npulumi.export('seen', seen)", *options, **keys)
    assert seen["seen"]["MODELSTORE_SANDBOX_KUBECONFIG"] == str(kubeconfig)
    assert seen["seen"]["AWS_ENDPOINT_URL"] == "http://192.0.2.1:9000"
    assert not is_running(project.home)


def test_output_that_nobody_reads_does_not_stop_a_run(project: Project) -> None:

    project.program("for number in range(30):\n    File(f'file-{number}', 'x' * 5000)")
    with subprocess.Popen(
        [*MODELSTORE, "up"], cwd=project.folder, env=project.environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"modelstore sandbox")
        process.stdout.close()
    assert process.returncode == 0
    assert len(project.written()) == 30
