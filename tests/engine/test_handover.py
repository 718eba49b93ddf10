"""A stack that began in the sandbox goes on under the Pulumi CLI."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from engine.cli import STACK, engines
from pulumi_modelstore_sandbox.aws.server_record import read_record

PROGRAMS = Path(__file__).parent / "programs"
QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI (`pulumi`) is not on PATH")


@pytest.mark.parametrize("history", ["parents", "secrets", "keys", "cluster"])
def test_imported_state_shows_no_change(history: str, tmp_path: Path) -> None:
    cli, sandbox = engines(tmp_path, "name: parity\nruntime: python\n")
    # One AWS, one folder of manifests and one project folder: the state changes hands, what it describes stays.
    cli.environment["MODELSTORE_SANDBOX_HOME"] = sandbox.environment["MODELSTORE_SANDBOX_HOME"]
    shutil.copy(PROGRAMS / "files.py", sandbox.project)
    sandbox.program((PROGRAMS / history / "0.py").read_text(encoding="utf-8"))
    sandbox.up()
    exported = sandbox.run("export").stdout
    assert "hush" not in exported
    (tmp_path / "state.json").write_text(exported, encoding="utf-8")

    cli.project = sandbox.project
    cli.run("stack", "select", STACK)
    cli.run("stack", "import", "--file", str(tmp_path / "state.json"))
    cli.run("preview", "--expect-no-changes", "--diff")
    cli.run("refresh", "--yes", "--expect-no-changes")

    sandbox.program((PROGRAMS / history / "1.py").read_text(encoding="utf-8"))
    cli.up()
    # And back again: what the CLI wrote, the sandbox reads.
    back = json.loads(cli.run("stack", "export").stdout)
    (tmp_path / "back.json").write_text(json.dumps(back), encoding="utf-8")
    sandbox.run("import", str(tmp_path / "back.json"))
    sandbox.run("preview", "--expect-no-changes")
    sandbox.close()


def test_the_quickstart_goes_on_under_the_cli_and_comes_back(tmp_path: Path) -> None:
    declared = (QUICKSTART / "Pulumi.yaml").read_text(encoding="utf-8")
    cli, sandbox = engines(tmp_path, declared.replace("../../.venv", sys.prefix))
    for file in (*QUICKSTART.glob("*.py"), QUICKSTART / "Pulumi.dev.yaml"):
        shutil.copy(file, sandbox.project)
    try:
        sandbox.run("up")
        (tmp_path / "state.json").write_text(sandbox.run("export").stdout, encoding="utf-8")
        home = Path(sandbox.environment["MODELSTORE_SANDBOX_HOME"])
        record = read_record(home / "aws")
        assert record is not None
        cli.environment |= {
            "MODELSTORE_SANDBOX_HOME": str(home),
            "AWS_ENDPOINT_URL": record.url,
            "AWS_ACCESS_KEY_ID": record.access_key_id,
            "AWS_SECRET_ACCESS_KEY": record.secret_access_key,
            "AWS_REGION": record.region,
        }
        cli.project = sandbox.project
        cli.run("stack", "select", STACK)
        cli.run("stack", "import", "--file", str(tmp_path / "state.json"))
        cli.run("preview", "--expect-no-changes", "--diff")
        cli.run("refresh", "--yes", "--expect-no-changes")
        (sandbox.project / "model" / "config.json").write_text('{"edited": true}\n')
        assert "~ 2 updated" in cli.run("up", "--yes").stdout
        (tmp_path / "back.json").write_text(cli.run("stack", "export").stdout, encoding="utf-8")
        sandbox.run("import", str(tmp_path / "back.json"))
        sandbox.run("preview", "--expect-no-changes")
        sandbox.run("destroy", "--yes")
    finally:
        for engine in (cli, sandbox):
            engine.close()
