"""A stack that began in the sandbox goes on under the Pulumi CLI."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.cli import STACK, engines

PROGRAMS = Path(__file__).parent / "programs"

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
