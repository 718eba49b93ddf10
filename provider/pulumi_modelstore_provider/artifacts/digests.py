"""SHA-256 of many files at once, read only where the cache does not know them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache, FileIdentity
from pulumi_modelstore_provider.artifacts.part_sum_cache import PartSumCache
from pulumi_modelstore_provider.artifacts.parts import plan_parts
from pulumi_modelstore_provider.stores.part_sums import RunningSum

_CHUNK = 1 << 20
_MOST_THREADS = 8
_CHANGED = "changed while it was read; wait until it is written"
WORTH_ONE_READING = 16 << 20
"""Bytes above which a file is sent in parts, and its digest is known before the object exists."""


class SourceFile(NamedTuple):
    """A file of a source: its `path` in the artifact, where it really lies, its size in bytes when it was listed."""

    path: str
    realpath: str
    size: int


def digest_files(
    files: Sequence[SourceFile], cache: DigestCache, *, taken: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Return `{path: "sha256:<hex>"}` and what went wrong, a sentence a file.

    `taken` are digests to be taken for true of large files that the cache does not know: who gives them compares each
    file with its digest while reading it, and need not read it twice. A file whose size or times change while it is
    read, or that has another size than when it was listed, is a problem.
    """
    looked_at = cache.now_ns()
    identities: dict[str, FileIdentity] = {}
    problems: list[str] = []
    for file in files:
        try:
            identities[file.path] = FileIdentity.of(file.realpath, os.stat(file.realpath))  # noqa: PTH116 - a third of the time
        except OSError as error:
            problems.append(f"{file.path!r} cannot be looked at: {error.strerror}")
    known = cache.lookup(identities.values())
    digests = {path: digest for path, identity in identities.items() if (digest := known.get(identity)) is not None}
    for file in files:
        if taken and file.size > WORTH_ONE_READING and file.path in taken and file.path in identities:
            digests.setdefault(file.path, taken[file.path])
    unknown = [file for file in files if file.path in identities and file.path not in digests]
    fresh: dict[FileIdentity, str] = {}
    sums: dict[FileIdentity, tuple[str, Sequence[int]]] = {}
    if unknown:
        threads = min(len(unknown), _MOST_THREADS, os.cpu_count() or 1)
        with ThreadPoolExecutor(threads, thread_name_prefix="digest") as pool:
            for file, result in zip(unknown, pool.map(_digest, unknown), strict=True):
                if isinstance(result, str):
                    problems.append(f"{file.path!r} {result}")
                else:
                    identity, digests[file.path], crc32s = result
                    fresh[identity] = digests[file.path]
                    if len(crc32s) > 1:
                        sums[identity] = (digests[file.path], crc32s)
    cache.record(fresh, looked_at_ns=looked_at)
    PartSumCache(cache).record(sums, looked_at_ns=looked_at)
    problems += [
        f"{file.path!r} changed while the folder was read; wait until it is written"
        for file in files
        if file.path in identities and identities[file.path].size != file.size
    ]
    return digests, problems


def _digest(file: SourceFile) -> tuple[FileIdentity, str, list[int]] | str:
    whole = hashlib.sha256()
    crc32s: list[int] = []
    try:
        descriptor = os.open(file.realpath, os.O_RDONLY | os.O_CLOEXEC)
        try:
            before = FileIdentity.of(file.realpath, os.fstat(descriptor))
            buffer = memoryview(bytearray(_CHUNK))
            for part in plan_parts(before.size):
                running = RunningSum()
                while running.size < part.size:
                    count = os.readv(descriptor, [buffer[: part.size - running.size]])
                    if not count:
                        return _CHANGED
                    whole.update(buffer[:count])
                    running.add(buffer[:count])
                crc32s.append(running.total().crc32)
            after = FileIdentity.of(file.realpath, os.fstat(descriptor))
        finally:
            os.close(descriptor)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if before != after or before.size != file.size:
        return _CHANGED
    return before, f"sha256:{whole.hexdigest()}", crc32s
