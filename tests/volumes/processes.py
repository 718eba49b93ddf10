"""Fills in processes of their own, which a test can stop, kill, or let die at any step."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.filling import fill
from pulumi_modelstore_provider.fills.lease import LeaseLost
from pulumi_modelstore_provider.fills.specification import Specification

FILLED, NOTHING_TO_DO, LOST, FAILED = 0, 10, 11, 12
_CHANGES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}


def start(work: Callable[[], bool]) -> int:
    """Run `work` in a child process; returns its process id."""
    child = os.fork()
    if not child:
        _work(work)
    return child


def _work(work: Callable[[], bool]) -> NoReturn:
    status = FAILED
    try:
        status = FILLED if work() else NOTHING_TO_DO
    except LeaseLost:
        status = LOST
    except ModelstoreError as error:
        sys.__stderr__.write(f"{error}\n")
    finally:
        os._exit(status)


def end(child: int) -> int:
    """Wait for a child; its exit status, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_fill(specification: Specification, volume: Path) -> int:
    """Fill in a child process to its end."""
    return end(start(lambda: fill(specification, volume)))


def fill_until(step: int, specification: Specification, volume: Path) -> int:
    """Fill in a child process that kills itself, as `kill -9` does, before its `step`-th change to the volume."""

    def work() -> bool:
        left = step

        def before(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            if event not in _CHANGES or str(volume) not in str(arguments[0]):
                return
            if event == "open" and not (arguments[2] & (os.O_WRONLY | os.O_RDWR)):
                return
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(before)
        return fill(specification, volume)

    return end(start(work))
