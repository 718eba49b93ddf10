"""Tells a run's events, one at a time and without secrets, and counts its steps."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any, Final, Literal, TypeAlias

from pulumi.runtime.proto import engine_pb2

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.events import (
    Diagnostic,
    Event,
    EventSink,
    Finished,
    Op,
    StackOutputs,
    Step,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from pulumi_modelstore_sandbox.engine.redaction import Redaction
from pulumi_modelstore_sandbox.engine.values import Properties

Severity: TypeAlias = Literal["debug", "info", "warning", "error"]

_SEVERITIES: Final[dict[int, Severity]] = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class Report:
    """Where a run tells what it does; also the `engine` that the SDK and the providers log to."""

    def __init__(self, emit: EventSink, redaction: Redaction) -> None:
        self._emit = emit
        self._redaction = redaction
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._changes: Counter[Op] = Counter()
        self.failed = False

    def started(self, step: Step) -> None:
        """Tell that a step begins. Providers that the engine registers by itself are not told."""
        if not urns.is_default_provider(step.urn):
            self._tell(StepStarted(step))

    def succeeded(self, step: Step, seconds: float, counted_as: Op | None) -> None:
        """Tell that a step is done; `counted_as` is None for a step that is part of another one."""
        if urns.is_default_provider(step.urn):
            return
        with self._lock:
            if counted_as is not None:
                self._changes[counted_as] += 1
            self._emit(StepSucceeded(step, seconds))

    def step_failed(self, step: Step, message: str, details: str = "") -> None:
        """Tell that a step failed."""
        self.failed = True
        if details:
            self.say("debug", details, step.urn)
        self._tell(StepFailed(step, self._redaction.clean(message)))

    def say(self, severity: Severity, message: str, urn: str = "", *, ephemeral: bool = False) -> None:
        """Tell a message; an error makes the run a failed one."""
        if severity == "error":
            self.failed = True
        self._tell(Diagnostic(severity, self._redaction.clean(message), urn, ephemeral))

    def Log(self, request: Any) -> None:  # noqa: N802 - the protocol's name
        """Take a `LogRequest` of the program or of a provider."""
        severity = _SEVERITIES.get(request.severity, "info")
        self.say(severity, request.message, request.urn, ephemeral=request.ephemeral)

    def stack_outputs(self, old: Properties, new: Properties) -> None:
        """Tell the stack's outputs."""
        self._tell(StackOutputs(old, new))

    def finished(self) -> bool:
        """Tell the end, and return whether all went well."""
        self._tell(Finished(dict(self._changes), time.monotonic() - self._began, not self.failed))
        return not self.failed

    def _tell(self, event: Event) -> None:
        with self._lock:
            self._emit(event)
