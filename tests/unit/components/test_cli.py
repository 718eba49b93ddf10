from __future__ import annotations

import json
import os
import stat
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pulumi_modelstore.cli import InstalledCommands, main
from pulumi_modelstore.cli.namespaces import namespaces

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def component(name: str, **outputs: Any) -> dict[str, Any]:
    return {
        "urn": f"urn:pulumi:dev::shop::modelstore:index:StorageNamespace::{name}",
        "type": "modelstore:index:StorageNamespace",
        "outputs": {"name": name, "backend": "aws-s3", "bucket": f"{name}-bucket", "description": "LLMs", **outputs},
    }


def deployment(*resources: dict[str, Any]) -> str:
    key = {"type": "aws:iam/accessKey:AccessKey", "outputs": {"secret": "hush"}}
    return json.dumps({"version": 3, "deployment": {"resources": [key, *resources]}})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "below").mkdir()
    return tmp_path


def sandbox_state(project: Path, stack: str, text: str) -> None:
    path = project / ".sandbox" / "stacks" / "shop" / f"{stack}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(*arguments: str, stdin: str | None = None) -> str:
    result = CliRunner().invoke(namespaces, list(arguments), input=stdin)
    assert result.exit_code == 0, result.output
    return result.output


def test_state_of_the_sandbox_is_found_from_the_project(project: Path) -> None:
    sandbox_state(project, "dev", deployment(component("models"), component("archive", backend="s3-compatible")))
    lines = run("--cwd", str(project / "below")).splitlines()
    assert [line.split() for line in lines] == [
        ["NAME", "BACKEND", "BUCKET", "PREFIX", "DESCRIPTION"],
        ["archive", "s3-compatible", "archive-bucket", "LLMs"],
        ["models", "aws-s3", "models-bucket", "LLMs"],
    ]


def test_home_of_the_sandbox_may_be_elsewhere(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSTORE_SANDBOX_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "stacks" / "shop"
    folder.mkdir(parents=True)
    (folder / "dev.json").write_text(deployment(component("models")))
    assert "models-bucket" in run("--cwd", str(project), "--stack", "dev")


def test_several_stacks_need_a_choice(project: Path) -> None:
    sandbox_state(project, "dev", deployment())
    sandbox_state(project, "prod", deployment(component("models")))
    result = CliRunner().invoke(namespaces, ["--cwd", str(project)])
    assert result.exit_code == 1
    assert "pass --stack, one of dev, prod" in result.output
    assert "models-bucket" in run("--cwd", str(project), "--stack", "prod")


def test_export_is_read_from_stdin_and_from_a_file(tmp_path: Path) -> None:
    text = deployment(component("models"))
    (tmp_path / "state.json").write_text(text)
    assert run("--state", "-", stdin=text) == run("--state", str(tmp_path / "state.json"))


def test_checkpoint_of_a_local_backend_is_read() -> None:
    latest = json.loads(deployment(component("models")))["deployment"]
    text = json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": latest}})
    assert "models-bucket" in run("--state", "-", stdin=text)


def test_pulumi_is_asked_where_the_sandbox_has_no_state(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "bin" / "pulumi"
    command.parent.mkdir()
    (tmp_path / "export.json").write_text(deployment(component("models")))
    command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat {tmp_path}/export.json\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    assert "models-bucket" in run("--cwd", str(project), "--stack", "prod")
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[:2] == ["stack", "export"]
    assert "--show-secrets" not in arguments
    assert arguments[-2:] == ["--stack", "prod"]


def test_json_has_all_fields_and_no_secret() -> None:
    text = deployment(component("models", region="eu-west-1", endpoint="https://s3", prefix="a", description=SECRET))
    output = run("--state", "-", "--json", stdin=text)
    assert json.loads(output) == [
        {
            "urn": "urn:pulumi:dev::shop::modelstore:index:StorageNamespace::models",
            "name": "models",
            "backend": "aws-s3",
            "bucket": "models-bucket",
            "prefix": "a",
            "region": "eu-west-1",
            "endpoint": "https://s3",
            "description": "[secret]",
        }
    ]


def test_deleted_namespaces_are_left_out() -> None:
    assert "no storage namespace" in run("--state", "-", stdin=deployment({**component("models"), "delete": True}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "not json",
        '{"deployment": 5}',
        '{"deployment": {"resources": 5}}',
        '{"deployment": {"resources": {"a": 1}}}',
        '{"deployment": {"resources": ["x"]}}',
        '{"deployment": {"resources": [{"type": "modelstore:index:StorageNamespace", "outputs": 5}]}}',
        '{"checkpoint": "x"}',
    ],
)
def test_what_is_no_state_is_refused(text: str) -> None:
    result = CliRunner().invoke(namespaces, ["--state", "-"], input=text)
    assert result.exit_code == 1
    assert "stdin is no state of a stack" in result.output


@pytest.mark.parametrize("text", ['{"deployment": {}}', '{"deployment": null}', '{"version": 3, "checkpoint": {}}'])
def test_stack_that_was_never_deployed_has_none(text: str) -> None:
    result = CliRunner().invoke(namespaces, ["--state", "-"], input=text)
    assert (result.exit_code, result.output) == (0, "The stack has no storage namespace.\n")


def test_without_state_and_without_pulumi_it_says_what_to_pass(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(namespaces, ["--cwd", str(project)])
    assert result.exit_code == 1
    assert "pass --state FILE" in result.output


def test_installed_commands_are_listed_with_what_they_do() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "namespaces  List the storage namespaces of a stack" in result.output


def test_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["floppy"])
    assert result.exit_code == 2
    assert "No such command 'floppy'" in result.output


def test_command_whose_package_is_missing_says_so() -> None:
    missing = EntryPoint(name="sandbox", value="no_such_package.cli:main", group="modelstore.commands")
    with pytest.raises(click.ClickException) as failed:
        InstalledCommands._load(missing)
    assert 'pip install "pulumi-modelstore[sandbox]"' in failed.value.message
