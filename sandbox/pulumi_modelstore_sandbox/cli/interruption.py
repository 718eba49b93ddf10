"""Ctrl-C: once to stop in order, twice to stop at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import click

from pulumi_modelstore_sandbox.display.console import Console

INTERRUPTED: Final = 130
"""The exit status of a program that SIGINT ended, as shells count it."""


@contextmanager
def interruptible(console: Console, command: str, state: Path, *, writes: bool) -> Iterator[None]:
    """Let running steps end and the state be saved at the first SIGINT; end the process at the second."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def at_once(number: int, frame: FrameType | None) -> None:
        del number, frame
        os._exit(INTERRUPTED)

    def in_order(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.signal(signal.SIGINT, at_once)
        if writes:
            console.line("\nStopping: waiting for the steps that have begun. Ctrl-C again stops at once.")
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, in_order)
    try:
        yield
    except KeyboardInterrupt:
        if writes:
            console.line(f"Stopped. What is done is recorded in {state}; run `{command}` again to go on.")
        else:
            console.line("\nStopped. A preview changes nothing.")
        raise click.exceptions.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)
