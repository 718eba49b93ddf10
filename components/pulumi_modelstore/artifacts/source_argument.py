"""The `source` argument: a path, one of the sources, or several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.sources import ArtifactSource
from pulumi_modelstore_provider.artifacts.sources.settings import LocalFiles, SourceSettings

Source: TypeAlias = str | Path | ArtifactSource
"""A path of a file or folder, `HuggingFaceRepository(...)`, `BucketFolder(...)`, `WebFile(...)`, `LocalFolder(...)`."""

_FORMS = "Pass the path of a file or folder, a source such as HuggingFaceRepository(...), or a list of them"


def check_sources(check: ArgumentCheck, source: Any) -> tuple[SourceSettings, ...]:
    """The settings of all sources; none where one of them will not do, which is recorded."""
    several = isinstance(source, Sequence) and not isinstance(source, str | bytes)
    if several and not source:
        check.add("source", "is an empty list", _FORMS)
    found: list[SourceSettings] = []
    items = list(source) if several else [source]
    for number, item in enumerate(items):
        where = f"source[{number}]" if several else "source"
        settings = _settings(check, where, item)
        if settings is not None:
            found.append(settings)
    return tuple(found) if len(found) == len(items) else ()


def _settings(check: ArgumentCheck, where: str, item: Any) -> SourceSettings | None:
    if isinstance(item, str | Path):
        return _path(check, where, str(item))
    if not isinstance(item, ArtifactSource):
        known = f"{type(item).__name__} is no source" if is_plain(item) else "is an output, and a preview reads it"
        check.add(where, known, _FORMS)
        return None
    if not check.uses_settings(item):
        return None
    problems = item.problems()
    check.extend(problems, under=where)
    return None if problems else item.to_settings()


def _path(check: ArgumentCheck, where: str, path: str) -> LocalFiles | None:
    if not path.strip():
        check.add(where, "'': no path is given", _FORMS)
        return None
    try:
        return LocalFiles(path=path)
    except ValidationError:
        check.add(where, f"{path!r}: the name is not UTF-8", "Rename it: object keys are UTF-8")
        return None


def cluster_problems(sources: Sequence[SourceSettings]) -> list[Problem]:
    """What stands against reading the sources from within a cluster."""
    remedy = 'Leave out via="cluster", or put the files where the cluster can read them, such as a bucket'
    return [
        Problem("via", f'is "cluster", where the local path {str(source)!r} is not to be read', remedy)
        for source in sources
        if isinstance(source, LocalFiles)
    ]
