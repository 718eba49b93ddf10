"""One run at a time, whatever becomes of the one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_modelstore_sandbox.state.errors import StackLockedError
from pulumi_modelstore_sandbox.state.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from pulumi_modelstore_sandbox.state.lock import locked
with locked(Path(sys.argv[1]), stack="dev", command="modelstore sandbox up", notify=print):
    print("held", flush=True)
    sys.stdin.readline()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_and_told_who_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "stacks" / "dev.json.lock"
    with holder(path) as process:
        with (
            pytest.raises(StackLockedError) as caught,
            locked(path, stack="dev", command="x", notify=pytest.fail),
        ):
            pytest.fail("two runs hold the lock")
        said = str(caught.value)
        for part in ("stack dev", f"process {process.pid}", os.uname().nodename, "`modelstore sandbox up`", str(path)):
            assert part in said
        process.communicate("\n")
    with locked(path, stack="dev", command="x", notify=pytest.fail):
        pass


def test_the_lock_of_a_killed_run_is_taken_over_with_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "dev.json.lock"
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        said: list[str] = []
        with locked(path, stack="dev", command="x", notify=said.append):
            assert len(said) == 1
            assert f"process {process.pid}" in said[0]
    with locked(path, stack="dev", command="x", notify=pytest.fail):
        pass


def test_a_run_that_fails_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "dev.json.lock"
    with pytest.raises(KeyboardInterrupt), locked(path, stack="dev", command="x", notify=pytest.fail):
        raise KeyboardInterrupt
    with locked(path, stack="dev", command="x", notify=pytest.fail):
        pass
