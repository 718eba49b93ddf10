"""Where a display writes: lines that stay, and on a terminal one status line below them that is rewritten."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pulumi_modelstore_sandbox.display.style import Style

_CLEAR_LINE = "\r\x1b[K"


class Console:
    """A stream that several threads write to."""

    def __init__(self, stream: IO[str]) -> None:
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks must not stop a run.
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream
        self._lock = threading.RLock()
        self._status = ""
        self.style = Style.of(stream)
        self.terminal = stream.isatty()
        """Whether a status line can be rewritten in place."""

    def line(self, text: str = "") -> None:
        """Write a line that stays."""
        with self._lock:
            self._write(f"{self._cleared()}{text}\n{self._status}")

    def status(self, text: str) -> None:
        """Rewrite the status line; nothing where there is no terminal."""
        if not self.terminal:
            return
        width = shutil.get_terminal_size().columns - 1
        first = text.splitlines()[0] if text else ""
        shown = first if len(first) <= width else first[: width - 3] + "..."
        with self._lock:
            before, self._status = self._cleared(), shown
            self._write(before + shown)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            # The reader has gone (`| head`): the run goes on, its output goes nowhere.
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())

    def _cleared(self) -> str:
        return _CLEAR_LINE if self._status else ""


class ProgramOutput(io.TextIOBase):
    """What the program prints, line by line, so that it and the status line leave each other whole."""

    def __init__(self, write_line: Callable[[str], None], clean: Callable[[str], str]) -> None:
        """Write each line by `write_line`, as `clean` returns it."""
        self._write_line = write_line
        self._clean = clean
        self._lock = threading.Lock()
        self._begun = ""

    def write(self, text: str) -> int:
        """Take text; what follows the last line break waits for its end."""
        with self._lock:
            *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._write_line(self._clean(line))
        return len(text)

    def writable(self) -> bool:
        """Say that it takes text."""
        return True

    def finish(self) -> None:
        """Write what has no line break at its end."""
        with self._lock:
            rest, self._begun = self._begun, ""
        if rest:
            self._write_line(self._clean(rest))
