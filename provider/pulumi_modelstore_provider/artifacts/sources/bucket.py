"""Objects of a bucket, on whatever store, as a source."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pulumi_modelstore_provider.artifacts.byte_source import OpenBytes
from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.digest_cache import DigestCache, FileIdentity
from pulumi_modelstore_provider.artifacts.layout import manifest_key
from pulumi_modelstore_provider.artifacts.sources.found import Found, FoundFile, Surroundings
from pulumi_modelstore_provider.artifacts.sources.patterns import chosen
from pulumi_modelstore_provider.artifacts.sources.remote_digests import RemoteFile, digests_of, identity_of
from pulumi_modelstore_provider.artifacts.sources.settings import BucketObjects
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA
from pulumi_modelstore_provider.errors import InvalidSource, ModelstoreError, ObjectChanged, SourceChanged
from pulumi_modelstore_provider.stores.opening import open_bucket
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore

_CONNECTIONS = 16
_CHUNK = 8 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"(?P<model>(?:.*/)?models/[^/]+/)(?P<version>[^/]+)/")


class StoredObject:
    """One object that is to be read: only while it has the ETag that it had in the listing."""

    is_local = False
    is_spare = False
    """Whether the bytes are elsewhere as well, so that a copy that comes to nothing is no failure."""

    def __init__(
        self, objects: ObjectStore, found: ListedObject, *, cache: DigestCache, identity: FileIdentity
    ) -> None:
        self.objects, self.key, self.etag = objects, found.key, found.etag
        self._cache, self._identity = cache, identity

    @property
    def name(self) -> str:
        """How messages name it."""
        return self.objects.url(self.key)

    @contextmanager
    def open(self, entry: FileEntry) -> Iterator[OpenBytes]:  # noqa: ARG002 - each read compares the ETag
        """Open it; nothing is asked yet."""
        yield _OpenObject(self)

    def forget(self) -> None:
        """Have the next run read the object."""
        self._cache.forget(self._identity.realpath.decode("utf-8", "surrogateescape"))


class _OpenObject:
    def __init__(self, source: StoredObject) -> None:
        self._source = source

    def read_into(self, offset: int, buffer: memoryview) -> None:
        source = self._source
        try:
            source.objects.read_into(source.key, offset, buffer, etag=source.etag)
        except ObjectChanged as change:
            raise SourceChanged(
                "The object changed since the program ran",
                on=change.on,
                answer=change.answer,
                remedy="Wait until it is written, then preview again: the new content becomes a new version",
            ) from None

    def recorded(self, digest: str) -> Sequence[int]:  # noqa: ARG002 - nothing is recorded of what lies elsewhere
        return ()

    def check(self) -> None:
        """Each read was of the object with this ETag."""


def read_bucket(source: BucketObjects, around: Surroundings) -> Found:
    """List the objects and find the digest of each: remembered, recorded in the bucket, or else read once.

    Raises InvalidSource where nothing is there or to be read, and what the store answers.
    """
    objects = open_bucket(source.connection, source.bucket, config=around.config, connections=_CONNECTIONS)
    folder, listed = _listed(objects, source.prefix)
    files = {item.key.removeprefix(folder): item for item in listed if not item.key.endswith("/")}
    kept = chosen(files, allow=source.allow, ignore=source.ignore)
    if not kept:
        reason = "no object lies there" + (" that allow and ignore leave" if files else "")
        raise InvalidSource(str(source), [f"{reason}; check bucket and prefix"])
    recorded = _recorded(objects, folder)
    remote = [_remote(objects, files[path], path, recorded.get(path)) for path in kept]
    verb = f"reading objects of {source} without a recorded digest,"
    digests, problems = digests_of(remote, around, verb=verb, taken=around.taken_of(source))
    if problems:
        raise InvalidSource(str(source), problems)
    return Found(
        [
            FoundFile(
                FileEntry(file.name, file.identity.size, digests[file.name]),
                StoredObject(objects, files[file.name], cache=around.cache, identity=file.identity),
            )
            for file in remote
        ],
        source,
    )


def _listed(objects: ObjectStore, prefix: str) -> tuple[str, Sequence[ListedObject]]:
    """Return the folder that paths count from, and the objects: all in it, or the one that `prefix` names."""
    if not prefix or prefix.endswith("/"):
        return prefix, list(objects.list(prefix))
    head = objects.head(prefix)
    if head is not None:
        return prefix.rpartition("/")[0] + "/" * ("/" in prefix), [ListedObject(prefix, head.size, head.etag)]
    return f"{prefix}/", list(objects.list(f"{prefix}/"))


def _recorded(objects: ObjectStore, folder: str) -> dict[str, FileEntry]:
    """Return what a manifest of this package tells of the folder, if it is the folder of a version."""
    version = _VERSION.fullmatch(folder)
    if version is None:
        return {}
    try:
        manifest = read_manifest(objects, manifest_key(version["model"], version["version"]))
    except ModelstoreError:
        # A manifest that cannot be read only spares reading the objects.
        return {}
    return {entry.path: entry for entry in manifest.content.files} if manifest is not None else {}


def _remote(objects: ObjectStore, item: ListedObject, path: str, recorded: FileEntry | None) -> RemoteFile:
    def read(count: Callable[[int], None]) -> str:
        known = recorded.digest if recorded is not None and recorded.size == item.size else _own_digest(objects, item)
        if known is not None:
            count(item.size)
            return known
        whole = hashlib.sha256()
        buffer = memoryview(bytearray(min(_CHUNK, item.size)))
        for offset in range(0, item.size, _CHUNK):
            piece = buffer[: min(_CHUNK, item.size - offset)]
            objects.read_into(item.key, offset, piece, etag=item.etag)
            whole.update(piece)
            count(len(piece))
        return f"sha256:{whole.hexdigest()}"

    return RemoteFile(path, identity_of(objects.url(item.key), state=item.etag, size=item.size), read)


def _own_digest(objects: ObjectStore, item: ListedObject) -> str | None:
    """Return the digest that this package wrote with the object."""
    head = objects.head(item.key)
    told = head.metadata.get(SHA256_METADATA, "") if head is not None and head.etag == item.etag else ""
    return f"sha256:{told}" if _SHA256.fullmatch(told) else None
