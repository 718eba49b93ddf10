"""The commands on a real program, from the first preview to the end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pulumi_modelstore_sandbox.cli import sandbox
from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher
from sandbox.cli.programs import Project

PASSWORD = "correct-horse-battery"
Run = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    for name in ("MODELSTORE_SANDBOX_HOME", "FILES", "NO_COLOR", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.setenv(name, made.environment[name])
    # Nothing here speaks to AWS, and other tests of this process may have imported what does.
    monkeypatch.setattr("pulumi_modelstore_sandbox.cli.aws_on_demand.MODULES", frozenset())
    return made


@pytest.fixture
def run(project: Project) -> Run:
    def invoke(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(sandbox, [*arguments, "--cwd", str(project.folder)], catch_exceptions=False)
        assert result.exit_code == code, f"{arguments}:\n{result.output}"
        return result

    return invoke


def test_a_stack_from_its_first_preview_to_its_end(project: Project, run: Run) -> None:
    project.program("a = File('a', 'one')\nFile('b', a.text)\npulumi.export('text', a.text)")
    shown = run("preview").output
    assert shown.startswith("modelstore sandbox: a stand-in for Pulumi's engine")
    assert "+    pulumi-python:dynamic/test:File a create" in shown
    assert 'text: "one"' in shown
    assert "Resources: + 3 to create" in shown
    assert not project.state.exists()
    assert not project.written()

    shown = run("up").output
    assert shown.index("3 to create") < shown.index("Updating:") < shown.index("3 created")
    assert project.written() == {"a": "one", "b": "one"}
    assert 'text: "one"' in run("outputs").output

    state = project.state.read_bytes()
    assert "3 unchanged" in run("preview", "--expect-no-changes").output
    run("up", "--expect-no-changes")
    assert (
        json.loads(project.state.read_bytes())["deployment"]["resources"]
        == json.loads(state)["deployment"]["resources"]
    )

    project.program("a = File('a', 'two')\npulumi.export('text', a.text)")
    refused = run("up", "--expect-no-changes", code=1).output
    assert "No changes were expected, and there are 2:" in refused
    assert "~ pulumi-python:dynamic/test:File a update\n" in refused
    assert "- pulumi-python:dynamic/test:File b delete\n" in refused
    assert project.written() == {"a": "one", "b": "one"}
    shown = run("up").output
    assert '~ text: "one" => "two"' in shown
    assert project.written() == {"a": "two"}

    assert "2 unchanged" in run("refresh", "--expect-no-changes").output
    assert "would be deleted" in run("destroy", "--expect-no-changes", code=1).output
    assert "- 2 deleted" in run("destroy").output
    assert not project.written()
    assert "nothing to destroy" in run("destroy").output


def test_json_has_stdout_for_itself(project: Project, run: Run) -> None:
    project.program("print('printed by the program')\nFile('a', 'one')")
    result = run("preview", "--json")
    document = json.loads(result.stdout)
    assert [step["op"] for step in document["steps"]] == ["create", "create"]
    assert document["changeSummary"] == {"create": 2}
    assert document["diagnostics"] == [{"message": "printed by the program", "severity": "info"}]
    assert result.stderr.startswith("modelstore sandbox: a stand-in")
    result = run("preview", "--json", "--expect-no-changes", code=1)
    assert json.loads(result.stdout)["changeSummary"] == {"create": 2}
    assert "No changes were expected" in result.stderr
    assert json.loads(run("up", "--json").stdout)["changeSummary"] == {"create": 2}
    assert project.written() == {"a": "one"}


def test_no_secret_leaves_by_any_command(project: Project, run: Run) -> None:
    cipher = PassphraseCipher.create("pw")
    (project.folder / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {cipher.recorded}\nconfig:\n  filed:key:\n    secure: {cipher.encrypt(PASSWORD)}\n"
    )
    project.program(
        "key = pulumi.Config().require_secret('key')\n"
        "key.apply(lambda text: print('the key is', text))\n"
        "a = File('a', key)\n"
        "pulumi.export('key', key)\n"
        "pulumi.export('deep', {'list': [key]})\n"
    )
    shown = [run("preview", "--diff"), run("preview", "--json"), run("up", "--diff"), run("up", "--json")]
    project.program("key = pulumi.Config().require_secret('key')\nFile('a', key.apply(lambda text: text + '!'))")
    shown += [run("preview"), run("export"), run("outputs"), run("outputs", "--json"), run("up"), run("refresh")]
    project.program(
        "key = pulumi.Config().require_secret('key')\nkey.apply(lambda text: 1 / 0)\nraise ValueError('refused')"
    )
    shown += [run("up", code=1), run("destroy", "--diff")]
    for result in shown:
        assert PASSWORD not in result.output
    assert "the key is [secret]" in shown[0].output
    for file in project.home.rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes()


def test_secrets_on_request(project: Project, run: Run) -> None:
    project.program(f"pulumi.export('key', pulumi.Output.secret({PASSWORD!r}))")
    run("up")
    assert f'key: "{PASSWORD}"' in run("outputs", "--show-secrets").output
    assert json.loads(run("outputs", "--json", "--show-secrets").stdout) == {"key": PASSWORD}
    assert json.loads(run("outputs", "--json").stdout) == {"key": "[secret]"}
    assert PASSWORD in run("export", "--show-secrets").output
    assert json.loads(run("export").stdout)["version"] == 3


def test_a_failure_is_told_last_and_the_next_run_goes_on(project: Project, run: Run) -> None:
    project.program("a = File('a', 'refused')\nFile('b', a.text)\nFile('c', 'fine')")
    shown = run("up", code=1).output
    assert shown.index("File a failed") < shown.index("Errors:")
    assert re.search(r"Errors:\n  a pulumi-python:dynamic/test:File\n    .*this text is refused", shown)
    assert "Traceback" not in shown
    assert "Mend what failed and run `modelstore sandbox up` again" in shown
    assert project.written() == {"c": "fine"}
    project.program("a = File('a', 'mended')\nFile('b', a.text)\nFile('c', 'fine')")
    assert "+ 2 created" in run("up").output
    assert project.written() == {"a": "mended", "b": "mended", "c": "fine"}


def test_the_program_s_exception_is_shown_from_its_own_file_on(project: Project, run: Run) -> None:
    project.program("def wrong():\n    raise ValueError('no model here')\nwrong()")
    shown = run("preview", code=1).output
    assert "ValueError: no model here" in shown
    assert f'File "{project.folder}/__main__.py", line 4, in wrong' in shown
    assert "asyncio" not in shown
    assert "Updating:" not in run("up", code=1).output


def test_the_program_s_modules_are_read_anew_at_each_run(project: Project, run: Run) -> None:
    (project.folder / "counted.py").write_text("SEEN = []\n")
    project.program(
        "import counted\ncounted.SEEN.append(1)\nassert len(counted.SEEN) == 1\nFile('a', str(len(counted.SEEN)))"
    )
    run("up")
    (project.folder / "counted.py").write_text("SEEN = []\nTEXT = 'edited'\n")
    project.program("import counted\nFile('a', counted.TEXT)")
    run("up")
    assert project.written() == {"a": "edited"}


def test_configuration_of_files_and_command_line(project: Project, run: Run) -> None:
    project.configure(
        text={"type": "string", "default": "default"}, hidden={"type": "string", "secret": True, "default": "x"}
    )
    project.program("config = pulumi.Config()\nFile('a', config.require('text'))")
    run("up")
    assert project.written() == {"a": "default"}
    run("up", "--config", "text=a=b")
    assert project.written() == {"a": "a=b"}
    (project.folder / "Pulumi.other.yaml").write_text("config: {text: of the file}\n")
    run("up", "--stack", "other")
    assert project.written() == {"a": "of the file"}
    assert "of the form KEY=VALUE" in run("preview", "--config", "text", code=1).output
    shown = run("preview", "--config", f"hidden={PASSWORD}", code=1).output
    assert "a command line is no place for one" in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize("command", ["preview", "up", "destroy"])
def test_a_wrong_passphrase_is_told_before_anything_runs(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    project.program("File('a', pulumi.Output.secret('one two three'))")
    run("up")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    shown = run(command, code=1).output
    assert str(project.state) in shown
    assert "PULUMI_CONFIG_PASSPHRASE" in shown
    assert "Traceback" not in shown
    assert project.written() == {"a": "one two three"}


def test_wrong_passphrase_of_the_configuration(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    cipher = PassphraseCipher.create("other")
    file = project.folder / "Pulumi.dev.yaml"
    file.write_text(f"encryptionsalt: {cipher.recorded}\nconfig: {{key: {{secure: '{cipher.encrypt('x')}'}}}}\n")
    project.program("")
    shown = run("preview", code=1).output
    assert f"The passphrase in PULUMI_CONFIG_PASSPHRASE is not the one that the secure values of {file}" in shown
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert f"{file} has secure values, and no passphrase is at hand" in run("preview", code=1).output


def test_a_bare_machine_needs_no_passphrase(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    project.program("File('a', pulumi.Output.secret('one two three'))")
    assert f"encrypted with a passphrase made just now: {project.home}/passphrase" in run("up").output
    assert "passphrase" not in run("up").output
    assert "2 unchanged" in run("preview", "--expect-no-changes").output


def test_another_stack_s_outputs(project: Project, run: Run) -> None:
    project.program("pulumi.export('plain', 'p1')\npulumi.export('hidden', pulumi.Output.secret('h1h1h1'))")
    run("up", "--stack", "base")
    project.program(
        "base = pulumi.StackReference('organization/filed/base')\n"
        "File('a', base.require_output('plain'))\nFile('b', base.require_output('hidden'))\n"
        "pulumi.export('b', base.require_output('hidden'))"
    )
    run("up")
    assert project.written() == {"a": "p1", "b": "h1h1h1"}
    assert b"h1h1h1" not in project.state.read_bytes()
    assert json.loads(run("outputs", "--json").stdout) == {"b": "[secret]"}


def test_export_and_import(project: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.program("File('a', pulumi.Output.secret('one two three'))")
    run("up")
    file = tmp_path / "state.json"
    file.write_text(run("export", "--show-secrets").stdout)
    project.state.unlink()
    assert "has no state" in run("export", code=1).output
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    assert "Imported 3 resources" in run("import", str(file)).output
    assert "one two three" not in project.state.read_text()
    assert "2 unchanged" in run("preview", "--expect-no-changes").output
    assert "is the state of another stack" in run("import", str(file), "--stack", "other", code=1).output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("preview", "--stack", "../x"), "no name for a stack"),
        (("up", "--parallel", "0"), "0 is not in the range"),
        (("up", "--kubeconfig", "/nowhere"), "does not exist"),
    ],
)
def test_wrong_arguments(project: Project, run: Run, arguments: tuple[str, ...], says: str) -> None:
    project.program("")
    result = CliRunner().invoke(sandbox, [*arguments, "--cwd", str(project.folder)])
    assert result.exit_code != 0
    assert says in result.output
    assert "Traceback" not in result.output


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(sandbox, ["--help"]).output
    for command in ("preview", "up", "refresh", "destroy", "export", "import", "outputs", "plugins"):
        assert re.search(rf"^  {command} ", shown, re.MULTILINE)
