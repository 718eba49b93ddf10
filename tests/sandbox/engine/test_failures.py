"""What stops, what goes on and what is recorded when something goes wrong."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_sandbox.engine import deployment
from pulumi_modelstore_sandbox.engine.deployment import Options
from pulumi_modelstore_sandbox.engine.events import Step
from pulumi_modelstore_sandbox.engine.run import Run
from sandbox.engine.journals import MemoryJournal
from sandbox.engine.stacks import Stack

FAILING = """
    a = File("a", path="a", content="a"{fail})
    b = File("b", path="b", content=a.rendered)
    c = File("c", path="c", opts=ResourceOptions(depends_on=[b]))
    File("d", path="d", content="d")
    pulumi.export("a", a.rendered)
    pulumi.export("d", "new")
"""


def test_dependents_of_a_failed_resource_are_not_attempted(stack: Stack) -> None:
    ran = stack.program(FAILING.format(fail=', fail="create"')).up(check=False)
    assert not ran.succeeded
    assert ran.failures == {"a": "ValueError: cannot create with a"}
    assert sorted(ran.ops) == ["a", "d", "shop-dev"]
    assert stack.contents == {"d": "d"}
    assert sorted(state.name for state in stack.journal.resources) == ["d", "default", "shop-dev"]
    assert stack.journal.operations == []
    assert stack.journal.named("shop-dev").outputs == {"d": "new"}
    # The next run goes on where this one stopped.
    again = stack.program(FAILING.format(fail="")).up()
    assert again.ops == {"a": ["create"], "b": ["create"], "c": ["create"]}


def test_inputs_that_a_failed_resource_did_not_give_are_not_complained_about(stack: Stack) -> None:
    ran = stack.program("""
        a = File("a", path="a", content="a", fail="create")
        File("b", path="b", content=a.rendered, refuse="it is required")
    """).up(check=False)
    assert ran.failures == {"a": "ValueError: cannot create with a"}
    assert "it is required" not in ran.said("error")


def test_nothing_is_deleted_after_a_failure(stack: Stack) -> None:
    stack.program('File("old", path="old")').up()
    ran = stack.program('File("a", path="a", fail="create")').up(check=False)
    assert ran.ops == {"a": ["create"]}
    assert stack.contents == {"old": None}
    stack.options = stack.options.__class__(continue_on_error=True)
    ran = stack.up(check=False)
    assert ran.ops == {"a": ["create"], "old": ["delete"]}


def test_a_failed_update_keeps_the_recorded_state(stack: Stack) -> None:
    program = 'File("a", path="a", content="{content}"{fail})'
    stack.program(program.format(content="one", fail="")).up()
    stack.program(program.format(content="two", fail=', fail="update"'))
    assert not stack.up(check=False).succeeded
    assert stack.journal.named("a").inputs["content"] == "one"
    assert stack.preview().ops == {"a": ["update"]}


def test_a_failed_deletion_keeps_what_it_depends_on(stack: Stack) -> None:
    stack.program("""
        a = File("a", path="a")
        File("b", path="b", content=a.path, fail="delete")
        File("c", path="c")
    """).up()
    ran = stack.destroy()
    assert not ran.succeeded
    assert list(ran.failures) == ["b"]
    assert stack.contents == {"a": None, "b": "a"}


def test_a_failed_deletion_of_a_replaced_resource_is_tried_again(stack: Stack) -> None:
    stack.program('File("a", path="a", fail="delete")').up()
    stack.program('File("a", path="z")')
    assert not stack.up(check=False).succeeded
    waiting = [state for state in stack.journal.resources if state.delete]
    assert [state.inputs["path"] for state in waiting] == ["a"]
    assert stack.preview().ops == {"a": ["delete-replaced"]}


def test_all_refused_inputs_are_told_at_once(stack: Stack) -> None:
    ran = stack.program("""
        a = File("a", refuse="too short")
        File("b", refuse="too long", content=a.rendered)
        File("c", path="c")
    """).preview()
    assert not ran.succeeded
    assert "files:index:File 'a' has invalid inputs:\nrefuse: refused: too short" in ran.said("error")
    assert "files:index:File 'b' has invalid inputs:\nrefuse: refused: too long" in ran.said("error")
    assert ran.ops == {"shop-dev": ["create"], "c": ["create"]}


def test_an_exception_of_the_program_is_told_from_its_own_code_on(stack: Stack) -> None:
    ran = stack.program("""
        File("a", path="a")
        def broken():
            return {}["missing"]
        broken()
    """).up(check=False)
    assert not ran.succeeded
    message = ran.said("error")
    assert "Program failed with an unhandled exception" in message
    assert "KeyError: 'missing'" in message
    assert "in broken" in message
    assert "run_in_stack" not in message
    assert "frozen runpy" not in message
    # What was registered before is there and recorded.
    assert stack.contents == {"a": None}


def test_what_led_to_an_exception_is_told_too(stack: Stack) -> None:
    ran = stack.program("""
        try:
            {}["first"]
        except KeyError as error:
            raise RuntimeError("second") from error
    """).preview()
    message = ran.said("error")
    assert message.index("KeyError: 'first'") < message.index("direct cause") < message.index("RuntimeError: second")
    assert "run_in_stack" not in message


def test_a_syntax_error_is_told_by_its_place_alone(stack: Stack) -> None:
    message = stack.program("this is no program").preview().said("error")
    lines = message.splitlines()
    assert lines[0] == "Program failed with an unhandled exception:"
    assert lines[1].strip().startswith(f'File "{stack.folder.resolve()}/__main__.py", line ')
    assert lines[-1].startswith("SyntaxError: ")


def test_a_program_that_is_missing_is_named(stack: Stack) -> None:
    ran = stack.up(check=False)
    assert f"there is no program at {stack.folder.resolve()}/__main__.py" in ran.said("error")


def test_remote_components_need_the_cli(stack: Stack) -> None:
    ran = stack.program("""
        class Chart(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("kubernetes:helm.sh/v4:Chart", name, {}, None, True)
        Chart("metrics")
    """).preview()
    assert not ran.succeeded
    assert "kubernetes:helm.sh/v4:Chart 'metrics' needs the Pulumi CLI" in ran.said("error")
    assert "Traceback" not in ran.said("error")


def test_a_package_without_a_provider_is_named(stack: Stack) -> None:
    ran = stack.program('pulumi.CustomResource("nowhere:index:Thing", "t", {})').preview()
    assert not ran.succeeded
    said = ran.said("error")
    assert "put an executable pulumi-resource-nowhere on PATH" in said
    assert len(said.splitlines()) == 1


def test_every_step_is_recorded_before_it_begins(stack: Stack) -> None:
    stack.program('File("a", path="a")').up()
    begun = [[(item.resource.name, item.type) for item in pending] for _, pending in stack.journal.history]
    assert [("a", "creating")] in begun
    assert begun[-1] == []
    stack.journal.history.clear()
    stack.program('File("a", path="a", content="x")').up()
    assert [("a", "updating")] in [
        [(item.resource.name, item.type) for item in pending] for _, pending in stack.journal.history
    ]
    stack.journal.history.clear()
    stack.destroy()
    assert ("a", "deleting") in [
        (item.resource.name, item.type) for _, pending in stack.journal.history for item in pending
    ]


def test_an_interrupted_run_is_told_of_and_refresh_clears_it(stack: Stack) -> None:
    stack.program('File("a", path="a")').up()
    # What a process that dies between these two writes leaves behind.
    interrupted = next(
        written for written in stack.journal.history if written[1] and written[1][0].resource.name == "a"
    )
    stack.journal = MemoryJournal()
    stack.journal.resources, stack.journal.operations = interrupted
    planned = stack.preview()
    assert "interrupted while creating" in planned.said("warning")
    assert "files:index:File::a" in planned.said("warning")
    stack.up()
    assert [item.type for item in stack.journal.operations] == ["creating"], "a creation is never forgotten silently"
    ran = stack.refresh()
    assert "its creation was interrupted" in ran.said("warning")
    assert stack.journal.operations == []


def test_a_killed_process_leaves_its_last_written_state(stack: Stack, tmp_path: Path) -> None:
    """The process dies within a creation, by SIGKILL: what was written before tells what was under way."""
    stack.program("""
        a = File("a", path="a")
        File("b", path="b", content=a.path, die="yes")
    """)
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""
        import json, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from pulumi_modelstore_sandbox.engine import deployment
        from pulumi_modelstore_sandbox.engine.providers import sources
        sources.IN_PROCESS["files"] = "sandbox.engine.file_provider:FileProvider"
        from sandbox.engine.journals import MemoryJournal
        def keep(written):
            names = [state.name for state in written[0]]
            pending = [[item.resource.name, item.type] for item in written[1]]
            Path({str(tmp_path / "state")!r}).write_text(json.dumps([names, pending]))
        target = deployment.Target("shop", "dev", Path({str(stack.folder)!r}), Path({str(stack.folder)!r}))
        deployment.up(target, MemoryJournal(keep), lambda event: None)
        """)
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=120)
    assert done.returncode == -9, done.stderr.decode()
    assert (tmp_path / "state").read_text() == '[["shop-dev", "default", "a"], [["b", "creating"]]]'


def test_the_program_runs_in_its_folder_with_its_configuration(stack: Stack) -> None:
    stack.config = {"shop:size": "3", "other:x": "y"}
    (stack.folder / "beside.txt").write_text("found")
    stack.program("""
        import pathlib, sys
        pulumi.export("text", pathlib.Path("beside.txt").read_text())
        pulumi.export("size", pulumi.Config().require_int("size"))
        pulumi.export("x", pulumi.Config("other").get("x"))
        pulumi.export("names", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])
        pulumi.export("preview", pulumi.runtime.is_dry_run())
    """)
    before = Path.cwd()
    outputs = stack.up().outputs
    assert outputs == {"text": "found", "size": 3, "x": "y", "names": ["shop", "dev", "organization"], "preview": False}
    assert stack.preview().outputs["preview"] is True
    assert Path.cwd() == before


def test_an_interrupted_run_ends_its_steps_and_begins_no_other(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Run] = []

    class Watched(Run):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            runs.append(self)

    begun: list[str] = []

    def interrupt(step: Step) -> None:
        # Any of the four may be the first; with one step at a time it is also the last.
        if "File::" in step.urn:
            begun.append(step.urn.rpartition("::")[2])
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            assert runs[0].stopping.wait(timeout=60)

    monkeypatch.setattr(deployment, "Run", Watched)
    # A shell starts what it runs in the background with SIGINT ignored, and so these tests.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    stack.options = Options(parallel=1)
    stack.on_step = interrupt
    stack.program("""
        for name in "abcd":
            File(name, path=name)
    """)
    try:
        with pytest.raises(KeyboardInterrupt):
            stack.up()
    finally:
        signal.signal(signal.SIGINT, before)
    (name,) = begun
    assert stack.contents == {name: None}
    assert stack.journal.named(name).inputs == {"path": name}
    assert stack.journal.operations == []
    stack.on_step = lambda _: None
    assert sorted(stack.up().ops) == sorted({*"abcd"} - {name})
