"""A preview as JSON, in the shape of `pulumi preview --json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pulumi_modelstore_sandbox.display.change_list import found_change
from pulumi_modelstore_sandbox.display.style import PARTS_OF_A_REPLACEMENT
from pulumi_modelstore_sandbox.display.values import SECRET
from pulumi_modelstore_sandbox.engine.events import (
    Diagnostic,
    Event,
    Finished,
    Op,
    Step,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE, ResourceState
from pulumi_modelstore_sandbox.state.resources import resource_to_json

_PREFIXES: Final = {"warning": "warning: ", "error": "error: "}


class Digest:
    """An event sink that collects the document; secrets are blinded as they come."""

    def __init__(self, config: Mapping[str, str]) -> None:
        """Take the configuration, its secrets blinded already."""
        self._changes: Mapping[Op, int] = {}
        self._config = dict(config)
        self._steps: dict[tuple[str, str], dict[str, Any]] = {}
        self._diagnostics: list[dict[str, Any]] = []
        self._seconds = 0.0

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case StepStarted(step):
                if _shown(step):
                    self._steps[step.urn, step.op] = step_to_json(step)
            case StepSucceeded(step) if step.op == "refresh":
                self._refreshed(step)
            case StepFailed(step, message):
                self._say("error", message, step.urn)
            case Diagnostic(severity, message, urn, ephemeral):
                if not ephemeral and severity != "debug":
                    self._say(severity, message, urn)
            case Finished(changes, seconds):
                self._changes, self._seconds = changes, seconds
            case _:
                pass

    def printed(self, line: str) -> None:
        """Take a line that the program printed."""
        if line:
            self._say("info", line, "")

    def text(self) -> str:
        """Return the document."""
        document: dict[str, Any] = {
            "config": self._config,
            "steps": list(self._steps.values()),
            "diagnostics": self._diagnostics,
            "duration": round(self._seconds * 1e9),
            "changeSummary": dict(self._changes),
        }
        return json.dumps({name: value for name, value in document.items() if value}, indent=4, ensure_ascii=False)

    def _refreshed(self, step: Step) -> None:
        """Show what a refresh found in the place of its beginning."""
        if step.new is None:
            self._steps[step.urn, step.op] = step_to_json(step) | {"op": "delete"}
        elif found_change(step):
            self._steps[step.urn, step.op] = step_to_json(step) | {"op": "update"}

    def _say(self, severity: str, message: str, urn: str) -> None:
        said = {"urn": urn, "message": _PREFIXES.get(severity, "") + message, "severity": severity}
        entry = {name: value for name, value in said.items() if value}
        if entry not in self._diagnostics:
            self._diagnostics.append(entry)


def step_to_json(step: Step) -> dict[str, Any]:
    """Return a step as the CLI writes it; secrets are `[secret]`."""
    data: dict[str, Any] = {"op": step.op, "urn": step.urn}
    if step.provider:
        data["provider"] = step.provider
    if step.old is not None:
        data["oldState"] = _blinded(step.old)
    if step.new is not None:
        data["newState"] = _blinded(step.new)
    if step.diffs:
        data["diffReasons"] = list(step.diffs)
    if step.replace_keys:
        data["replaceReasons"] = list(step.replace_keys)
    data["detailedDiff"] = {
        path: {"kind": difference.kind, "inputDiff": difference.input_diff}
        for path, difference in step.detailed_diff.items()
    } or None
    return data


def _blinded(state: ResourceState) -> dict[str, Any]:
    return resource_to_json(state, lambda secret, place: SECRET)  # noqa: ARG005 - the signature of a seal


def _shown(step: Step) -> bool:
    if step.op == "same":
        protection_moved = step.old is not None and step.new is not None and step.old.protect != step.new.protect
        return protection_moved or f"::{STACK_TYPE}::" in step.urn
    return step.op not in PARTS_OF_A_REPLACEMENT
