"""The engine's operations on a stack: preview, up, refresh, destroy."""

from __future__ import annotations

from pulumi_modelstore_sandbox.engine.events import EventSink
from pulumi_modelstore_sandbox.engine.journal import Journal, PendingOperation
from pulumi_modelstore_sandbox.engine.target import Options, Target

__all__ = ["Journal", "Options", "PendingOperation", "Target", "destroy", "preview", "refresh", "up"]


def preview(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Run the program and tell the steps that `up` would take; write nothing. True when all went well."""
    raise NotImplementedError


def up(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Run the program and take its steps. True when all went well."""
    raise NotImplementedError


def refresh(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Read every resource from its provider and write what differs; the program does not run. True when all went well."""
    raise NotImplementedError


def destroy(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Delete every resource, dependents first; the program does not run. True when all went well."""
    raise NotImplementedError
