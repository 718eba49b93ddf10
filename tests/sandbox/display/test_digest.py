"""The JSON of a preview."""

from __future__ import annotations

import json
from typing import Any

from pulumi_modelstore_sandbox.display.digest import Digest
from pulumi_modelstore_sandbox.engine.events import (
    Diagnostic,
    Event,
    Finished,
    PropertyDiff,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from pulumi_modelstore_sandbox.engine.values import UNKNOWN, UNKNOWN_STRING, Secret
from sandbox.display.steps import STACK, component_step, stack_step, step, urn


def digest(*events: Event, config: dict[str, str] | None = None) -> dict[str, Any]:
    sink = Digest(config or {})
    for event in events:
        sink(event)
    read: dict[str, Any] = json.loads(sink.text())
    return read


def test_the_shape_of_the_cli() -> None:
    detailed = {"nest.x[2].k": PropertyDiff("update"), "name": PropertyDiff("update-replace", input_diff=False)}
    document = digest(
        StepStarted(stack_step()),
        StepStarted(component_step()),
        StepStarted(step("create-replacement", "a", {"k": 1}, {"k": 2}, detailed)),
        StepStarted(step("replace", "a", {"k": Secret("hush")}, {"k": Secret("hush"), "u": UNKNOWN}, detailed)),
        StepStarted(step("delete-replaced", "a", {"k": 1})),
        Diagnostic("info", "printed"),
        Diagnostic("warning", "careful", urn("a")),
        Diagnostic("info", "10%", ephemeral=True),
        Diagnostic("debug", "noise"),
        Finished({"same": 2, "replace": 1}, 1.5, succeeded=True),
        config={"proj:token": "[secret]"},
    )
    assert list(document) == ["config", "steps", "diagnostics", "duration", "changeSummary"]
    assert document["config"] == {"proj:token": "[secret]"}
    assert document["duration"] == 1_500_000_000
    assert document["changeSummary"] == {"same": 2, "replace": 1}
    assert document["diagnostics"] == [
        {"message": "printed", "severity": "info"},
        {"urn": urn("a"), "message": "warning: careful", "severity": "warning"},
    ]
    stack, replaced = document["steps"]
    assert (stack["op"], stack["urn"], stack["detailedDiff"]) == ("same", STACK, None)
    assert replaced["op"] == "replace"
    assert replaced["diffReasons"] == ["name", "nest"]
    assert replaced["replaceReasons"] == ["name"]
    assert replaced["detailedDiff"] == {
        "nest.x[2].k": {"kind": "update", "inputDiff": True},
        "name": {"kind": "update-replace", "inputDiff": False},
    }
    assert replaced["oldState"]["inputs"] == {"k": "[secret]"}
    assert replaced["newState"]["inputs"] == {"k": "[secret]", "u": UNKNOWN_STRING}
    assert "provider" not in replaced


def test_failures_are_diagnostics() -> None:
    failed = step("create", "a", new={})
    document = digest(StepStarted(failed), StepFailed(failed, "refused"), Finished({}, 0, succeeded=False))
    assert document["diagnostics"] == [{"urn": urn("a"), "message": "error: refused", "severity": "error"}]


def test_a_refresh_is_told_by_what_it_found() -> None:
    gone, drift, fine = (
        step("refresh", "gone", {"a": 1}),
        step("refresh", "drift", {"a": 1}, {"a": 2}, {"a": PropertyDiff("update")}),
        step("refresh", "fine", {"a": 1}, {"a": 1}),
    )
    began = [StepStarted(step("refresh", name, {"a": 1}, {"a": 1})) for name in ("gone", "drift", "fine")]
    ended = [StepSucceeded(given, 0) for given in (gone, drift, fine)]
    document = digest(*began, *ended)
    assert [(given["urn"].rsplit("::")[-1], given["op"]) for given in document["steps"]] == [
        ("gone", "delete"),
        ("drift", "update"),
        ("fine", "refresh"),
    ]
