"""What a look at one source gives, and what it is done with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache
from pulumi_modelstore_provider.artifacts.sources.settings import SourceSettings
from pulumi_modelstore_provider.credentials import ConfigLookup


@dataclass(frozen=True)
class Surroundings:
    """What sources are read with.

    Args:
        base: the folder that relative paths count from.
        config: gives the stack's configuration, for `config:` references.
        cache: remembers digests.
        urn: the resource under which progress is told; may be empty.
        taken: digests by path in the version that are taken for true of large files, and compared as those are sent.
        tell: takes a sentence for the user where long work begins and goes on; called by the reading thread alone.
    """

    base: Path
    config: ConfigLookup | None = None
    cache: DigestCache = field(default_factory=DigestCache)
    urn: str = ""
    taken: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] | None = None

    def taken_of(self, source: SourceSettings) -> dict[str, str]:
        """Return `taken` by path in one source."""
        above = f"{source.into}/" if source.into else ""
        return {path.removeprefix(above): digest for path, digest in self.taken.items() if path.startswith(above)}


class FoundFile(NamedTuple):
    """One file: its path within the source, size and digest, and where its bytes are."""

    entry: FileEntry
    bytes: ByteSource


@dataclass(frozen=True)
class Found:
    """One source's files. `pinned` are settings that lead to these very files; `ignored` paths count for nothing."""

    files: Sequence[FoundFile]
    pinned: SourceSettings
    ignored: Sequence[str] = ()
