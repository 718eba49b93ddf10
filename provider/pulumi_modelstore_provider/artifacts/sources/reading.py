"""Reads sources as the content of one version: what is in it, where each file's bytes are, and what was pinned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache
from pulumi_modelstore_provider.artifacts.file_names import nesting_problems, path_problems
from pulumi_modelstore_provider.artifacts.sources.bucket import read_bucket
from pulumi_modelstore_provider.artifacts.sources.found import Found, Surroundings
from pulumi_modelstore_provider.artifacts.sources.huggingface import read_huggingface
from pulumi_modelstore_provider.artifacts.sources.local import read_local
from pulumi_modelstore_provider.artifacts.sources.settings import BucketObjects, HuggingFace, LocalFiles, SourceSettings
from pulumi_modelstore_provider.artifacts.sources.web_url import read_url
from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    InvalidSource,
    ModelstoreError,
    SourceUnavailable,
    StoreUnreachable,
)


@dataclass(frozen=True)
class Reading:
    """The files of a version.

    Args:
        content: each file with its size and digest.
        files: where the bytes of each path are.
        pinned: the sources, with what can move (a branch) replaced by what cannot (a commit): read again, they give
            the same content or an error.
    """

    content: Content
    files: Mapping[str, ByteSource]
    pinned: tuple[SourceSettings, ...]


def read_sources(
    sources: Sequence[SourceSettings],
    *,
    base: Path,
    config: ConfigLookup | None = None,
    pinned: Sequence[SourceSettings] | None = None,
    cache: DigestCache | None = None,
    urn: str = "",
    taken: Mapping[str, str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Reading:
    """Read all sources together as one content; what is known from an earlier reading is not read again.

    Args:
        sources: where the files come from.
        base: the folder that relative paths count from.
        config: gives the stack's configuration, for `config:` references.
        pinned: what an earlier reading of these same sources has pinned, to be kept to.
        cache: of digests; unset, the user's own.
        urn: the resource under which progress is told.
        taken: digests by path that are taken for true of large files, which are then not read; who gives them compares.
        tell: takes a sentence for the user where long work begins and goes on; unset, progress alone is told.

    Raises:
        SourceUnavailable: where the only problem is that a source is not at hand: no such path, no answer, no token.
        InvalidSource: with all problems of all sources at once; both have them as `problems`.
    """
    around = Surroundings(base, config, cache if cache is not None else DigestCache(), urn, taken or {}, tell)
    found: list[tuple[SourceSettings, Found]] = []
    failures: list[tuple[SourceSettings, ModelstoreError]] = []
    for source in _kept_to(sources, pinned):
        try:
            found.append((source, _read(source, around)))
        except ModelstoreError as failure:
            failures.append((source, failure))
    problems = [text for source, failure in failures for text in _problems(source, failure, alone=len(sources) == 1)]
    entries: dict[str, tuple[FileEntry, ByteSource, SourceSettings]] = {}
    clashes: list[str] = []
    for source, one in found:
        for file in one.files:
            path = f"{source.into}/{file.entry.path}" if source.into else file.entry.path
            if path in entries:
                clashes.append(
                    f"{path!r} comes from both {entries[path][2]} and {source}: give one of them a folder of its own "
                    "with 'into', or leave the file out of one with 'ignore'"
                )
            elif wrong := path_problems(path):
                clashes += [f"{path!r} of {source}: {problem}" for problem in wrong]
            else:
                entry = replace(file.entry, path=path) if source.into else file.entry
                entries[path] = (entry, file.bytes, source)
    clashes += nesting_problems(list(entries))
    name = ", ".join(map(str, sources))
    if not sources:
        clashes.append("no source is given")
    if problems or clashes:
        unavailable = not clashes and all(_is_absence(failure) for _, failure in failures)
        raise (SourceUnavailable if unavailable else InvalidSource)(name, problems + clashes)
    ignored = tuple(path for _, one in found for path in one.ignored)
    return Reading(
        Content(tuple(entry for entry, _, _ in entries.values()), ignored=ignored),
        {path: place for path, (_, place, _) in entries.items()},
        tuple(one.pinned for _, one in found),
    )


def _read(source: SourceSettings, around: Surroundings) -> Found:
    if isinstance(source, LocalFiles):
        return read_local(source, around)
    if isinstance(source, HuggingFace):
        return read_huggingface(source, around)
    if isinstance(source, BucketObjects):
        return read_bucket(source, around)
    return read_url(source, around)


def _kept_to(sources: Sequence[SourceSettings], pinned: Sequence[SourceSettings] | None) -> Sequence[SourceSettings]:
    """The sources as they were pinned; one that has become another since then is taken as it is."""
    if pinned is None or len(pinned) != len(sources):
        return sources
    return [
        before if _same_but_revision(source, before) else source for source, before in zip(sources, pinned, strict=True)
    ]


def _same_but_revision(source: SourceSettings, before: SourceSettings) -> bool:
    return source.model_dump(exclude={"revision"}) == before.model_dump(exclude={"revision"})


def _problems(source: SourceSettings, failure: ModelstoreError, *, alone: bool) -> list[str]:
    told = list(failure.problems) if isinstance(failure, InvalidSource) else [str(failure)]
    return told if alone else [f"{source}: {text}" for text in told]


def _is_absence(failure: ModelstoreError) -> bool:
    return isinstance(failure, SourceUnavailable | CredentialsUnavailable | StoreUnreachable)
