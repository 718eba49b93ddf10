"""Digests of files elsewhere: remembered by what tells one content from another, else read once, several at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from pulumi_modelstore_provider.artifacts.digest_cache import FileIdentity
from pulumi_modelstore_provider.artifacts.digests import WORTH_ONE_READING
from pulumi_modelstore_provider.artifacts.sizes import human_size
from pulumi_modelstore_provider.artifacts.sources.found import Surroundings
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.progress import TransferProgress

_READERS = 8
_WORTH_TELLING = 64 << 20
_TELL_EVERY_SECONDS = 20.0
_BYTES_OF_INODE = 8


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file elsewhere.

    Args:
        name: how messages name it.
        identity: see `identity_of`.
        read: reads all of it and returns its digest as `sha256:<hex>`; counts bytes with what it is given.
    """

    name: str
    identity: FileIdentity
    read: Callable[[Callable[[int], None]], str]


def identity_of(place: str, *, state: str, size: int) -> FileIdentity:
    """Return the identity of the file at `place`, of `size` bytes, while the other side tells `state` (an ETag) of it.

    The cache keeps one entry a place. A real path begins with a slash: none is taken for a place.
    """
    told = hashlib.sha256(state.encode("utf-8", "surrogateescape")).digest()[:_BYTES_OF_INODE]
    # Times are zero: what was looked at is settled, since another content has another state.
    return FileIdentity(f"remote:{place}".encode("utf-8", "surrogateescape"), size, 0, 0, int.from_bytes(told))


def digests_of(
    files: Sequence[RemoteFile], around: Surroundings, *, verb: str, taken: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return `{name: "sha256:<hex>"}`, and what went wrong, a sentence a file.

    What was read stays remembered also where another file fails; `taken` as of `digest_files`.
    """
    known = around.cache.lookup(file.identity for file in files)
    digests = {file.name: known[file.identity] for file in files if file.identity in known}
    for file in files:
        if file.identity.size > WORTH_ONE_READING and file.name in taken:
            digests.setdefault(file.name, taken[file.name])
    unknown = [file for file in files if file.name not in digests]
    problems: list[str] = []
    if not unknown:
        return digests, problems
    progress = TransferProgress(around.urn, verb, sum(file.identity.size for file in unknown))

    def read(file: RemoteFile) -> str | ModelstoreError:
        try:
            digest = file.read(progress.advance)
        except ModelstoreError as failure:
            return failure
        # At once: after an interruption the next run need not read it again.
        around.cache.record({file.identity: digest}, looked_at_ns=around.cache.now_ns())
        return digest

    with ThreadPoolExecutor(min(_READERS, len(unknown)), thread_name_prefix="digest") as pool:
        reading = [pool.submit(read, file) for file in unknown]
        if around.tell is not None and progress.total >= _WORTH_TELLING:
            around.tell(f"{verb} {human_size(progress.total)}: once, then it is remembered on this machine")
            while wait(reading, _TELL_EVERY_SECONDS).not_done:
                around.tell(progress.message())
        for file, future in zip(unknown, reading, strict=True):
            result = future.result()
            if isinstance(result, ModelstoreError):
                problems.append(str(result))
            else:
                digests[file.name] = result
    return digests, problems
