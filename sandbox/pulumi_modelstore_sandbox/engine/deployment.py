"""The engine's operations on a stack: preview, up, refresh, destroy."""

from __future__ import annotations

from pulumi_modelstore_sandbox.engine import deletion, recovery, refreshing
from pulumi_modelstore_sandbox.engine.events import EventSink
from pulumi_modelstore_sandbox.engine.journal import Journal, PendingOperation
from pulumi_modelstore_sandbox.engine.run import Run
from pulumi_modelstore_sandbox.engine.target import Options, Target

__all__ = ["Journal", "Options", "PendingOperation", "Target", "destroy", "preview", "refresh", "up"]


def preview(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Run the program and tell the steps that `up` would take; write nothing. True when all went well."""
    return _deploy(target, journal, emit, options or Options(), preview=True)


def up(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Run the program and take its steps. True when all went well.

    A step that fails stops what depends on it and nothing else; deletions then wait for the next run, unless
    `continue_on_error` is set.
    """
    return _deploy(target, journal, emit, options or Options(), preview=False)


def refresh(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Read every resource from its provider and write what differs, without the program. True when all went well."""
    from pulumi_modelstore_sandbox.engine.program.program import in_folder_of

    with in_folder_of(target), Run(target, journal, emit, options or Options(), preview=False) as run:
        recovery.recover(run)
        refreshing.refresh(run)
    return run.report.finished()


def destroy(target: Target, journal: Journal, emit: EventSink, options: Options | None = None) -> bool:
    """Delete every resource, dependents first, without the program. True when all went well."""
    from pulumi_modelstore_sandbox.engine.program.program import in_folder_of

    with in_folder_of(target), Run(target, journal, emit, options or Options(), preview=False) as run:
        recovery.recover(run)
        run.warn_of_left_over()
        if run.options.refresh:
            refreshing.refresh(run)
        if not run.report.failed:
            deletion.take(run, deletion.everything(run))
    return run.report.finished()


def _deploy(target: Target, journal: Journal, emit: EventSink, options: Options, *, preview: bool) -> bool:
    from pulumi_modelstore_sandbox.engine.planner.planner import Planner
    from pulumi_modelstore_sandbox.engine.program.monitor import Monitor
    from pulumi_modelstore_sandbox.engine.program.program import in_folder_of, run_program

    with in_folder_of(target), Run(target, journal, emit, options, preview=preview) as run:
        recovery.recover(run)
        if options.refresh:
            refreshing.refresh(run)
        else:
            run.warn_of_left_over()
        if not run.report.failed:
            planner = Planner(run)

            def finish() -> None:
                if options.continue_on_error or not run.report.failed:
                    deletion.take(run, deletion.unwanted(run, planner))
                # The SDK stops its server next; a connection that is still open would complain on stderr.
                run.callbacks.close()

            monitor = Monitor(run, planner, finish)
            run_program(run, monitor)
            monitor.outputs.finish()
    return run.report.finished()
