"""The lock file: which files each artifact of a program consists of, for machines where they are not at hand.

Beside them it has the commits that branches of a hub stand for, where the files themselves go elsewhere. It lies beside
the program and is committed to git.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from pulumi_modelstore_provider.artifacts.lock_entries import LockedRevision, LockEntry, LockFile
from pulumi_modelstore_provider.artifacts.lock_text import lock_text, parse_lock
from pulumi_modelstore_provider.errors import InvalidLock

LOCK_FILE = "modelstore.lock"
"""Its name, in the program's folder."""

_REPLACE = "Restore it from git, or remove it and preview where the sources are at hand: that writes it anew"

Change = Literal["added", "changed"]


def read_lock(path: Path) -> LockFile:
    """Read the file; one that is not there is empty. Raises InvalidLock when it cannot be read or is damaged."""
    try:
        return parse_lock(path.read_bytes())
    except FileNotFoundError:
        return LockFile()
    except OSError as error:
        failed, answer = "The lock file cannot be read", error.strerror or str(error)
        raise InvalidLock(failed, on=str(path), answer=answer, remedy="Make it readable") from None
    except ValueError as error:
        raise InvalidLock(f"The lock file cannot be used: {error}", on=str(path), remedy=_remedy(error)) from None


def write_lock(path: Path, lock: LockFile) -> None:
    """Write the file whole or not at all. Raises OSError where the folder takes none."""
    with _alone(path.parent):
        _replace(path, lock_text(lock))


def update_lock(path: Path, entry: LockEntry) -> Change | None:
    """Put one entry into the file, beside what others write at the same time; return what that was, None for nothing.

    Raises OSError where the folder takes no file, InvalidLock as `read_lock` does.
    """
    return _update(path, lambda lock: lock.with_entry(entry))


def update_revision(path: Path, revision: LockedRevision) -> Change | None:
    """Put one commit into the file, as `update_lock` does it with an entry."""
    return _update(path, lambda lock: lock.with_revision(revision))


def _update(path: Path, change: Callable[[LockFile], LockFile]) -> Change | None:
    with _alone(path.parent):
        former = read_lock(path)
        lock = change(former)
        if lock == former:
            return None
        _replace(path, lock_text(lock))
    known = former.entries.keys() | former.revisions.keys()
    return "changed" if known == lock.entries.keys() | lock.revisions.keys() else "added"


def _remedy(error: ValueError) -> str:
    return "Install a newer release of pulumi-modelstore" if "schemaVersion" in str(error) else _REPLACE


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder against other programs that write a lock file there."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # A file system without locks still replaces whole files.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    target = Path(os.path.realpath(path))
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp's mode is its owner's alone, and a checkout is shared.
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink()
        raise
