"""What is sent: one large file, some large files, many small ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.transfers import pattern

MIB = 1 << 20
MANY = 1000
SHARE_OF_SLOW = 10


@dataclass(frozen=True)
class Load:
    """`count` files of `size` bytes each."""

    name: str
    count: int
    size: int

    @property
    def sampled(self) -> int:
        """How many of the files a client sends that is slow with small ones."""
        return self.count // SHARE_OF_SLOW if self.count >= MANY else self.count

    @property
    def bytes(self) -> int:
        """All files together."""
        return self.count * self.size


LOADS = (
    Load("1 x 4 GiB", 1, 4096 * MIB),
    Load("20 x 256 MiB", 20, 256 * MIB),
    Load("20,000 x 4 KiB", 20_000, 4096),
)
GATEWAY_LOADS = (
    Load("1 x 1 GiB", 1, 1024 * MIB),
    Load("2,000 x 4 KiB", 2000, 4096),
)
"""Smaller, for a server that writes to the disk."""

QUICK_LOADS = (
    Load("1 x 512 MiB", 1, 512 * MIB),
    Load("4 x 64 MiB", 4, 64 * MIB),
    Load("1,000 x 4 KiB", 1000, 4096),
)


@dataclass(frozen=True)
class Written:
    """A load on disk, with its first files once more in `sample`, and what a program declares of it."""

    load: Load
    folder: Path
    digest_cache: Path
    sample: Path
    paths: tuple[str, ...]
    version: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


def write(load: Load, folder: Path) -> Written:
    """Write the files, a thousand in a folder at most."""
    base = pattern.block()
    paths = tuple(f"{number // 1000:03}/weights-{number:05}.safetensors" for number in range(load.count))
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pattern.write(folder / path, load.size, base)
    sample = folder.with_name(f"{folder.name}-sample")
    for path in paths[: load.sampled]:
        (sample / path).parent.mkdir(parents=True, exist_ok=True)
        (sample / path).hardlink_to(folder / path)
    return Written(load, folder, folder.with_name(f"{folder.name}-digests"), sample, paths)


def declare(written: Written) -> Written:
    """Digest the files, two seconds after the last was written: the cache takes none that is younger."""
    from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache
    from pulumi_modelstore_provider.artifacts.source import read_source

    cache = DigestCache(written.digest_cache / "digests.sqlite")
    content = read_source(written.folder, base=written.folder, cache=cache)
    return replace(written, version=content.default_version, files=content.as_inputs())
