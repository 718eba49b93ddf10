"""Starts the sandbox's AWS when a program first imports something that speaks to AWS, and not for other programs."""

from __future__ import annotations

import importlib.machinery
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Final

MODULES: Final = frozenset({"botocore", "pulumi_aws", "pulumi_modelstore_sandbox.aws.provider"})
"""Whoever reaches AWS from this process imports one of these first."""


@contextmanager
def aws_on_demand(home: Path, notify: Callable[[str], None]) -> Iterator[None]:
    """Point this process at the sandbox's AWS, at the latest when one of `MODULES` is imported.

    The import that starts it raises AwsServerError when it cannot be started. The environment is as before afterwards.
    """
    before = dict(os.environ)
    start = _Start(home, notify)
    if MODULES & sys.modules.keys():
        start()
    finder = _AtImport(start)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


class _Start:
    """Starts the server, or finds it running, once."""

    def __init__(self, home: Path, notify: Callable[[str], None]) -> None:
        self._home = home
        self._notify = notify
        self._lock = threading.Lock()
        self._started = False

    def __call__(self) -> None:
        with self._lock:
            if self._started:
                return
            from pulumi_modelstore_sandbox.aws.server import apply, ensure_running

            endpoint = ensure_running(self._home)
            apply(endpoint, os.environ)
            self._started = True
        if endpoint.notice:
            self._notify(endpoint.notice)


class _AtImport(MetaPathFinder):
    """Finds no module; it acts when one of `MODULES` is looked for."""

    def __init__(self, start: _Start) -> None:
        self._start = start

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Start the server where it is due, and leave the module to the other finders."""
        del path, target
        if fullname in MODULES:
            self._start()
        return None
