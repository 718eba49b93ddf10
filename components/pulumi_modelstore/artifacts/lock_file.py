"""The program's lock file: what it says of artifacts and revisions, and what a run of the program writes into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.configuration import flag, setting
from pulumi_modelstore_provider.artifacts.lock_entries import LockedRevision, LockEntry
from pulumi_modelstore_provider.artifacts.lock_file import LOCK_FILE, Change, read_lock, update_lock, update_revision
from pulumi_modelstore_provider.errors import InvalidLock

REFRESH_VARIABLE = "MODELSTORE_REFRESH_LOCK"
"""Set to 1, every source is read anew, branches of hubs too; so does `modelstore:refreshLock` in the configuration."""


class ProgramLock:
    """`modelstore.lock` beside the program, or the file that `modelstore:lockFile` names in the stack's configuration.

    Stacks of one program that take different models each need a file of their own.

    Attributes:
        folder: of the program.
        path: of the file.
        refresh: whether what is recorded is to be read anew.
        problem: why the file cannot be used; None where it can, or is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / (setting("lockFile") or LOCK_FILE)
        self.refresh = flag("refreshLock", variable=REFRESH_VARIABLE)
        self.problem: Problem | None = None
        try:
            self._lock = read_lock(self.path)
        except InvalidLock as error:
            self.problem = Problem("source", f"{self.path.name}: {error.failed} ({error.on})", error.remedy)

    def find(self, namespace: str, artifact: str) -> LockEntry | None:
        """What is recorded of an artifact."""
        return None if self.problem else self._lock.find(namespace, artifact)

    def commit(self, revision: str) -> str | None:
        """What is recorded of a hub's revision of that name."""
        return None if self.problem else self._lock.revisions.get(revision)

    def record(self, entry: LockEntry, resource: pulumi.Resource) -> None:
        """Write what the artifact consists of, where that is not what the file says, and tell what to do with it.

        A program under Pulumi's mocks writes nothing: it deploys nothing either.
        """
        self._record(entry.artifact, lambda: update_lock(self.path, entry), resource)

    def record_revision(self, revision: LockedRevision, resource: pulumi.Resource) -> None:
        """Write the commit of a revision, as `record` does it with an artifact."""
        self._record(revision.name, lambda: update_revision(self.path, revision), resource)

    def _record(self, subject: str, update: Callable[[], Change | None], resource: pulumi.Resource) -> None:
        if _is_mocked():
            return
        name = self.path.name
        try:
            change = update()
        except OSError as error:
            pulumi.log.warn(f"{name}: {subject} is not recorded: {error.strerror or error}", resource)
            return
        if change is not None:
            pulumi.log.info(f"{name}: {subject} {change}, commit it", resource)


def _is_mocked() -> bool:
    from pulumi.runtime.mocks import MockMonitor
    from pulumi.runtime.settings import SETTINGS

    return SETTINGS.monitor is None or isinstance(SETTINGS.monitor, MockMonitor)
