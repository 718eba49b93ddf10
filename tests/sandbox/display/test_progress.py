"""A run as it happens, on a terminal and in a log."""

from __future__ import annotations

import io
import threading

import pytest

from pulumi_modelstore_sandbox.display.console import ProgramOutput
from pulumi_modelstore_sandbox.display.progress import ProgressText
from pulumi_modelstore_sandbox.engine.events import (
    Diagnostic,
    Event,
    Finished,
    PropertyDiff,
    StackOutputs,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from pulumi_modelstore_sandbox.engine.values import Secret
from sandbox.display.steps import Terminal, component_step, console, on_screen, stack_step, step, text

UPLOAD = step("create", "upload", new={"size": 1})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def progress_of(percent: int) -> Diagnostic:
    return Diagnostic("info", f"uploading {percent}%", UPLOAD.urn, ephemeral=True)


def show(*events: Event, stream: io.StringIO | None = None) -> io.StringIO:
    shown, stream = console(stream)
    sink = ProgressText(shown)
    for event in events:
        sink(event)
    return stream


def test_a_log_has_a_line_for_each_begin_and_end() -> None:
    stream = show(
        StepStarted(stack_step()),
        StepStarted(component_step("create")),
        StepSucceeded(component_step("create"), 0.0),
        StepStarted(UPLOAD),
        StepSucceeded(UPLOAD, 12.34),
        StackOutputs({"kept": 1, "old": 1}, {"kept": 1, "old": 2, "key": Secret("hush")}),
        Finished({"create": 2, "same": 1}, 12.5, succeeded=True),
    )
    assert (
        text(stream)
        == """\
+  my:index:Store store created
+  my:index:Thing upload creating
+  my:index:Thing upload created (12.3s)

Outputs:
    kept: 1
  + key : [secret]
  ~ old : 2

Resources: + 2 created, 1 unchanged
Duration: 12.5s
"""
    )


def test_a_log_has_a_line_of_progress_every_ten_seconds() -> None:
    shown, stream = console()
    clock = Clock()
    sink = ProgressText(shown, clock=clock)
    sink(StepStarted(UPLOAD))
    for second in range(25):
        clock.now = float(second)
        sink(progress_of(second))
    told = [line for line in text(stream).splitlines() if "uploading" in line]
    assert told == ["   upload: uploading 0%", "   upload: uploading 10%", "   upload: uploading 20%"]


def test_a_terminal_rewrites_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stream = show(
        StepStarted(UPLOAD),
        StepStarted(step("update", "other", {}, {})),
        *(progress_of(percent) for percent in range(0, 100, 5)),
        Diagnostic("info", "x" * 500, UPLOAD.urn, ephemeral=True),
        StepSucceeded(UPLOAD, 1),
        stream=Terminal(),
    )
    assert "[2 running] upload: uploading 95%" in text(stream)
    assert max(len(part) for part in text(stream).replace("\x1b[K", "\n").split("\n")) < 120
    lines = on_screen(stream).splitlines()
    assert lines[0].startswith("+  my:index:Thing upload created")
    assert lines[1] == "other: updating"
    assert len(lines) == 2


def test_errors_come_last_with_their_resource() -> None:
    stream = show(
        StepStarted(UPLOAD),
        StepFailed(UPLOAD, "the store refused\nwith a reason"),
        Diagnostic("error", "the store refused\nwith a reason", UPLOAD.urn),
        Finished({"same": 1}, 1, succeeded=False),
    )
    shown = text(stream)
    assert "+  my:index:Thing upload failed\n" in shown
    assert shown.endswith(
        """
Errors:
  upload my:index:Thing
    the store refused
    with a reason

Resources: 1 unchanged, 1 failed
Duration: 1.0s
"""
    )


def test_what_is_kept_is_listed() -> None:
    kept = step("delete", "bucket", {"a": 1}, retain_on_delete=True)
    gone = step("delete", "other", {"a": 1})
    shown = text(show(StepSucceeded(kept, 0), StepSucceeded(gone, 0), Finished({"delete": 2}, 0, succeeded=True)))
    assert "Kept (no longer in the stack, not deleted):\n  bucket my:index:Thing id-1\n" in shown
    assert "other my:index:Thing id-1" not in shown


def test_what_is_kept_after_its_replacement_is_listed() -> None:
    kept = step("delete-replaced", "bucket", {"a": 1}, retain_on_delete=True)
    shown = text(show(StepSucceeded(kept, 0), Finished({"replace": 1}, 0, succeeded=True)))
    assert "bucket left the stack and stays (retain_on_delete)" in shown
    assert "Kept (no longer in the stack, not deleted):\n  bucket my:index:Thing id-1\n" in shown


def test_a_refresh_tells_drift() -> None:
    drift = step("refresh", "drifted", {"size": 1}, {"size": 2}, {"size": PropertyDiff("update")})
    shown = text(show(StepStarted(drift), StepSucceeded(drift, 0), StepSucceeded(step("refresh", "lost", {}), 0)))
    assert "drifted has changed outside of the stack; the state follows\n       ~ size: 1 => 2\n" in shown
    assert "lost is gone; it leaves the state" in shown


def test_what_the_program_prints_keeps_its_lines_and_loses_its_secrets() -> None:
    lines: list[str] = []
    printed = ProgramOutput(lines.append, lambda line: line.replace("hush", "[secret]"))
    print("a ", "b", sep="", file=printed)
    print("key: hu", end="", file=printed)
    print("sh\nlast", end="", file=printed)
    assert lines == ["a b", "key: [secret]"]
    printed.finish()
    assert lines == ["a b", "key: [secret]", "last"]


def test_many_threads_write_whole_lines() -> None:
    shown, stream = console(Terminal())

    def write(name: str) -> None:
        for number in range(200):
            shown.line(f"{name}{number}")
            shown.status(f"status of {name}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown.status("")
    expected = {f"{name}{number}" for name in "abcd" for number in range(200)}
    assert set(on_screen(stream).splitlines()) - {""} == expected
