"""Which commit a branch or tag of a hub's repository stands for: as the lock file says, or as the hub does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.configuration import configured
from pulumi_modelstore.artifacts.lock_file import ProgramLock
from pulumi_modelstore_provider.artifacts.lock_entries import LockedRevision
from pulumi_modelstore_provider.artifacts.sources.huggingface import commit_of
from pulumi_modelstore_provider.artifacts.sources.settings import HuggingFace
from pulumi_modelstore_provider.errors import InvalidSource, ModelstoreError

_REMEDY = "Give a commit id of 40 hex digits, or run where the hub can be asked, and commit"


def pinned_revision(check: ArgumentCheck, source: HuggingFace, *, argument: str) -> LockedRevision | None:
    """The commit of a revision that can move.

    None for a commit, which needs no question, and where nothing tells it, which `check` takes up under `argument`.
    """
    if source.is_pinned:
        return None
    lock, name = ProgramLock(Path.cwd()), _name(source)
    if lock.problem is not None:
        check.extend([replace(lock.problem, argument=argument)])
        return None
    known = lock.commit(name)
    if known is not None and not lock.refresh:
        return LockedRevision(name, known)
    try:
        return LockedRevision(name, commit_of(source, config=configured))
    except ModelstoreError as error:
        reasons = error.problems if isinstance(error, InvalidSource) else [str(error)]
        found = f'"{source.revision}" of {source.repo} can move, and its commit is not known: {"; ".join(reasons)}'
        check.extend([Problem(argument, found, f"{_REMEDY} {lock.path.name}")])
    return None


def record_revision(revision: LockedRevision, resource: pulumi.Resource) -> None:
    """Write the commit into the lock file, where it is not there."""
    ProgramLock(Path.cwd()).record_revision(revision, resource)


def _name(source: HuggingFace) -> str:
    place = "" if source.endpoint is None else f"{source.endpoint}/"
    return f"{place}{source.repo}@{source.revision}"
