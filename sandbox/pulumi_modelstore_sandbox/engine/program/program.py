"""Runs a program as the CLI's language host does: in its folder, with its configuration, inside a stack resource."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.runtime import Settings, configure, rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import ROOT
from pulumi.runtime.stack import run_in_stack

from pulumi_modelstore_sandbox.engine.program.callback_server import stopped_when_started
from pulumi_modelstore_sandbox.engine.providers.sources import program_folder

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.program.monitor import Monitor
    from pulumi_modelstore_sandbox.engine.report import Report
    from pulumi_modelstore_sandbox.engine.run import Run
    from pulumi_modelstore_sandbox.engine.target import Target

THREADS_PER_STEP: Final = 4
"""Threads in which the SDK waits for the engine, per step at a time; the language host's ratio."""


def run_program(run: Run, monitor: Monitor) -> None:
    """Run the program to its end; what it raises is told as an error."""
    # An empty context: the SDK keeps its settings in context variables, and every run starts without any.
    contextvars.Context().run(_run, run, monitor)


@contextlib.contextmanager
def in_folder_of(target: Target) -> Iterator[None]:
    """Work in the program's folder, where its modules are found; forget those afterwards, as they may be edited."""
    folder = program_folder(target.main).resolve()
    before, path, arguments, modules = Path.cwd(), list(sys.path), list(sys.argv), set(sys.modules)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = [str(target.main)]
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        sys.argv = arguments
        _forget({name for name in set(sys.modules) - modules if _is_of_program(sys.modules[name], folder)})


def _forget(modules: set[str]) -> None:
    """Drop modules of the program, with the classes that they, or the program itself, registered with the SDK."""
    registries: tuple[dict[str, list[Any]], ...] = (rpc._RESOURCE_PACKAGES, rpc._RESOURCE_MODULES)
    for registry in registries:
        for registered in registry.values():
            registered[:] = [item for item in registered if type(item).__module__ not in {*modules, "__main__"}]
    for name in modules:
        del sys.modules[name]


def _is_of_program(module: Any, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    if not file:
        return False
    path = Path(file)
    return path.is_relative_to(folder) and "site-packages" not in path.relative_to(folder).parts


def _run(run: Run, monitor: Monitor) -> None:
    target = run.target
    set_all_config(dict(target.config), sorted(target.secret_keys))
    configure(
        Settings(
            project=target.project,
            stack=target.stack,
            monitor=monitor,
            engine=run.report,
            parallel=run.options.parallel,
            dry_run=run.preview,
            organization=target.organization,
            root_directory=str(target.root),
        )
    )
    ROOT.set(None)
    loop = asyncio.new_event_loop()
    threads = max(1, run.options.parallel) * THREADS_PER_STEP
    executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="pulumi")
    loop.set_default_executor(executor)
    # A failed run leaves futures that nobody awaits; asyncio would tell about each, whenever it is collected.
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        asyncio.set_event_loop(loop)
        with run.stopped_by_interruption(), stopped_when_started():
            loop.run_until_complete(run_in_stack(lambda: _execute(target)))
    except pulumi.RunError as error:
        run.report.say("error", str(error))
    except SystemExit as stopped:
        if stopped.code not in (None, 0):
            run.report.say("error", f"the program called sys.exit({stopped.code!r})")
    except Exception as error:  # noqa: BLE001 - a program may raise anything
        run.report.say("error", _unhandled(error, target, run.report))
    finally:
        executor.shutdown(wait=True)
        _cancel_tasks(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _execute(target: Target) -> None:
    main = target.main.resolve()
    entry = main / "__main__.py" if main.is_dir() else main
    if not entry.is_file():
        raise pulumi.RunError(f"there is no program at {entry}: a project's folder (or `main`) holds a __main__.py")
    # The file and not its folder: for a folder Python keeps byte code, and takes it for a program that was edited
    # within the same second.
    runpy.run_path(str(entry), run_name="__main__")


def _unhandled(error: Exception, target: Target, report: Report) -> str:
    """Tell an exception, and what led to it, from where the program's own code comes in.

    The whole traceback is debug output.
    """
    report.say("debug", "".join(traceback.format_exception(error)))
    told = traceback.TracebackException.from_exception(error)
    _trim(told, error, str(program_folder(target.main).resolve()))
    return "Program failed with an unhandled exception:\n" + "".join(told.format())


def _trim(told: traceback.TracebackException, error: BaseException, folder: str) -> None:
    """Leave out the frames above the program's own; a syntax error names its place by itself."""
    for cause, raised in ((told.__cause__, error.__cause__), (told.__context__, error.__context__)):
        if cause is not None and raised is not None:
            _trim(cause, raised, folder)
    own = (index for index, frame in enumerate(told.stack) if frame.filename.startswith(folder))
    first = next(own, len(told.stack) if isinstance(error, SyntaxError) else 0)
    del told.stack[:first]


def _cancel_tasks(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
