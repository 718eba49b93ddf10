"""Runs as processes of their own: two at once, one killed, one interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.cli.programs import Project
from sandbox_command import MODELSTORE

THREE = "File('a', 'one')\nFile('b', 'one')\nFile('c', 'one', pulumi.ResourceOptions(depends_on=[File('d', 'one')]))"


STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    made.program(THREE)
    yield made
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.wait()


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    STARTED.append(
        subprocess.Popen(
            [*MODELSTORE, *arguments],
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    )
    return STARTED[-1]


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == code, output
    return output


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.02)


def began(project: Project, *names: str) -> Callable[[], bool]:
    return lambda: all((project.files / f"began-{name}").exists() for name in names)


def resources(project: Project) -> set[str]:
    deployment = json.loads(project.state.read_text())["deployment"]
    return {resource["urn"].rsplit("::")[-1] for resource in deployment["resources"]}


def test_a_second_run_is_refused_and_a_preview_is_not(project: Project) -> None:
    slow = project.files / "slow"
    slow.touch()
    first = start(project, "up")
    wait_for(began(project, "a"))
    for command in ("up", "destroy"):
        refused = finish(start(project, command), code=1)
        assert f"The stack dev is in use by process {first.pid}" in refused
        assert "`modelstore sandbox up`" in refused
        assert "Traceback" not in refused
    assert "to create" in finish(start(project, "preview"))
    slow.unlink()
    finish(first)
    assert set(project.written()) == {"a", "b", "c", "d"}


def test_a_killed_run_leaves_a_whole_state_and_the_next_goes_on(project: Project) -> None:
    slow = project.files / "slow"
    slow.touch()
    killed = start(project, "up")
    wait_for(began(project, "a", "b", "d"))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    pending = json.loads(project.state.read_text())["deployment"]["pending_operations"]
    assert {operation["type"] for operation in pending} == {"creating"}
    slow.unlink()
    shown = finish(start(project, "up"))
    assert f"An earlier run ended without a word (process {killed.pid}" in shown
    assert "interrupted while creating" in shown
    assert set(project.written()) == {"a", "b", "c", "d"}
    assert "5 unchanged" in finish(start(project, "preview", "--expect-no-changes"))


def test_ctrl_c_lets_running_steps_end_and_saves_them(project: Project) -> None:
    slow = project.files / "slow"
    slow.touch()
    interrupted = start(project, "up")
    wait_for(began(project, "a", "b", "d"))
    interrupted.send_signal(signal.SIGINT)
    assert interrupted.stdout is not None
    shown = ""
    while "Stopping: waiting for the steps that have begun" not in shown:
        line = interrupted.stdout.readline()
        assert line, shown
        shown += line
    slow.unlink()
    shown += finish(interrupted, code=130)
    assert "Traceback" not in shown
    assert "run `modelstore sandbox up` again to go on" in shown
    assert {"a", "b", "d"} <= resources(project)
    assert "pending_operations" not in json.loads(project.state.read_text())["deployment"]
    finish(start(project, "up"))
    assert set(project.written()) == {"a", "b", "c", "d"}


def test_ctrl_c_twice_stops_at_once(project: Project) -> None:
    (project.files / "slow").touch()
    process = start(project, "up")
    wait_for(began(project, "a", "b", "d"))
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    while "Stopping" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(project.state.read_text())["version"] == 3
