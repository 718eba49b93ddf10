"""A preview is a diff to be read, and nothing else."""

from __future__ import annotations

import pytest

from pulumi_modelstore_sandbox.display.preview import PreviewText
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
from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Secret
from sandbox.display.steps import Terminal, component_step, console, on_screen, stack_step, step, text, urn

UPDATE = {"size": PropertyDiff("update"), "key": PropertyDiff("update")}
REPLACE = {"name": PropertyDiff("update-replace")}


def show(*events: Event, full: bool = False) -> str:
    shown, stream = console()
    sink = PreviewText(shown, full=full)
    for event in events:
        sink(event)
    return text(stream)


EVENTS = (
    StepStarted(stack_step()),
    StepStarted(component_step()),
    StepStarted(step("same", "quiet", old={"x": 1}, new={"x": 1})),
    StepStarted(
        step("update", "changed", {"size": 1, "key": Secret("hush-1")}, {"size": 2, "key": Secret("hush-2")}, UPDATE)
    ),
    StepStarted(step("create", "added", new={"of": UNKNOWN, "__provider": "pickle"})),
    StepStarted(step("create-replacement", "moved", {"name": "a"}, {"name": "b"}, REPLACE)),
    StepStarted(step("replace", "moved", {"name": "a"}, {"name": "b"}, REPLACE)),
    StepStarted(step("delete-replaced", "moved", {"name": "a"})),
    StepStarted(step("delete", "gone", {"size": 1})),
    StepStarted(step("delete", "kept", {"size": 1}, retain_on_delete=True)),
    StackOutputs({"same": 1, "was": "x"}, {"same": 1, "is": Secret("hush")}),
    Finished({"create": 1, "update": 1, "replace": 1, "delete": 2, "same": 3}, 0.1, succeeded=True),
)


def test_changes_stand_under_their_parents_and_the_rest_is_counted() -> None:
    assert (
        show(*EVENTS)
        == """\
   pulumi:pulumi:Stack proj-dev
     my:index:Store store
~      my:index:Thing changed update
           ~ key: [secret] => [secret]
           ~ size: 1 => 2
+      my:index:Thing added create
           of: [unknown]
+-     my:index:Thing moved replace (because of name)
           ~ name: "a" => "b" (requires replacement)
-      my:index:Thing gone delete
-      my:index:Thing kept delete from the stack; the resource itself stays (retain_on_delete)

Outputs:
  + is: [secret]
  - was: "x"

Resources: + 1 to create, ~ 1 to update, - 2 to delete, +- 1 to replace, 3 unchanged
"""
    )


def test_no_change_is_one_line() -> None:
    shown = show(StepStarted(stack_step()), StepStarted(component_step()), Finished({"same": 2}, 0.1, succeeded=True))
    assert shown == "Resources: 2 unchanged\n"


def test_all_of_it_on_request() -> None:
    shown = show(*EVENTS, full=True)
    assert f"[urn={urn('changed')}]" in shown
    assert "[id=id-1]" in shown
    assert "hush" not in shown


def test_a_changed_text_shows_its_changed_lines() -> None:
    change = {"text": PropertyDiff("update")}
    old, new = "one\ntwo\nthree\nfour\nfive\n", "one\ntwo\nTHREE\nfour\nfive\n"
    shown = show(
        StepStarted(step("update", "a", {"text": old}, {"text": new}, change)), Finished({}, 0, succeeded=True)
    )
    assert "- three" in shown
    assert "+ THREE" in shown
    assert "five" not in shown


def test_messages_come_last_each_once_with_its_resource() -> None:
    failed = step("create", "bad", new={})
    shown = show(
        Diagnostic("warning", "take care"),
        Diagnostic("error", "name is empty", failed.urn),
        StepFailed(failed, "name is empty"),
        Diagnostic("debug", "noise"),
        Diagnostic("info", "10%", failed.urn, ephemeral=True),
        Finished({}, 0, succeeded=False),
    )
    assert (
        shown
        == """\

Warnings:
  take care

Errors:
  bad my:index:Thing
    name is empty

Resources: 0 unchanged
"""
    )


def test_a_refresh_tells_what_it_found() -> None:
    drift = step("refresh", "drifted", {"size": 1}, {"size": 2}, {"size": PropertyDiff("update")})
    shown = show(
        StepStarted(drift),
        StepSucceeded(drift, 0),
        StepSucceeded(step("refresh", "lost", {"size": 1}), 0),
        StepSucceeded(step("refresh", "fine", {"size": 1}, {"size": 1}), 0),
        Finished({"update": 1, "delete": 1, "same": 1}, 0, succeeded=True),
    )
    assert "drifted changed outside of the stack\n       ~ size: 1 => 2" in shown
    assert "-  my:index:Thing lost gone" in shown
    assert "fine" not in shown


def test_colours_on_a_terminal_only_and_none_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for variable, coloured in ((None, True), ("1", False)):
        if variable:
            monkeypatch.setenv("NO_COLOR", variable)
        shown, stream = console(Terminal())
        sink = PreviewText(shown)
        for event in EVENTS:
            sink(event)
        assert ("\x1b[32m" in text(stream)) is coloured
        assert "Resources: + 1 to create" in on_screen(stream)
        assert "previewing" not in on_screen(stream)
    assert "\x1b" not in show(*EVENTS)
