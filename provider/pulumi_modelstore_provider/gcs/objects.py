"""The objects of one bucket: the narrow part of Cloud Storage's JSON API that this package needs.

An object's generation is its ETag here: what conditional writes name, and what listings, heads and receipts agree on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pulumi_modelstore_provider.crc32 import crc32_text
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused, UploadCorrupted
from pulumi_modelstore_provider.gcs.failures import DAMAGED, NO_BUCKET, asking
from pulumi_modelstore_provider.metering import pass_at_once
from pulumi_modelstore_provider.stores.in_turn import InTurn
from pulumi_modelstore_provider.stores.part_sums import sum_of
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectHead, PartSum, PutReceipt, StoreSums, SumKind
from pulumi_modelstore_provider.stores.ranges import RangeAnswer, ends_before, fill

_SENDS = 4
_LOOKS = 4
_PIECE = 16 << 20
"""Bytes asked for at once when an object is streamed, or a range of it read."""

T = TypeVar("T")


class Objects(InTurn):
    """One bucket's objects through one client; `connections` requests at once for what is done many times."""

    sends_from_memory = False
    wanted_sums: frozenset[SumKind] = frozenset({"crc32c"})

    def __init__(self, client: Any, bucket: str, *, address: str = "", connections: int = 10) -> None:
        self.client = client
        self.bucket = bucket
        self.address = address
        self.handle = client.bucket(bucket)
        self._connections = connections

    def url(self, key: str) -> str:
        """Return how messages name an object: `gs://bucket/key`, with the endpoint unless it is Google's."""
        return f"gs://{self.bucket}/{key}" + (f" at {self.address}" if self.address else "")

    def head(self, key: str) -> ObjectHead | None:
        """Return what the store knows of an object, checksums included; None if it is not there."""
        blob = self.handle.blob(key)
        try:
            with asking("Cannot look at the object", on=self.url(key)):
                blob.reload(retry=None)
        except NotInStore as missing:
            if missing.code == NO_BUCKET:
                raise
            return None
        return ObjectHead(int(blob.size), str(blob.generation), dict(blob.metadata or {}), sums_of(blob))

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return a small object's bytes and its generation; None if it is not there."""
        for _ in range(_LOOKS):
            head = self.head(key)
            if head is None:
                return None
            # The bytes of that very generation: where it has been overwritten since, look again.
            blob = self.handle.blob(key, generation=int(head.etag))
            try:
                with asking("Cannot read the object", on=self.url(key)):
                    return bytes(blob.download_as_bytes(checksum="crc32c", retry=None)), head.etag
            except NotInStore:
                continue
        raise ModelstoreError(
            "Cannot read the object: it is overwritten all the time",
            on=self.url(key),
            remedy="Run again when nobody else writes there",
        )

    def stream(self, key: str, chunk: int = 1 << 20) -> Iterator[bytes]:
        """Read an object piece by piece."""
        with asking("Cannot read the object", on=self.url(key)):
            blob = self.handle.blob(key)
            blob.reload(retry=None)
            with blob.open("rb", chunk_size=_PIECE, retry=None) as source:
                while piece := source.read(chunk):
                    yield piece

    def read_into(self, key: str, offset: int, buffer: memoryview, *, etag: str | None = None) -> None:
        """Fill all of `buffer` with the object's bytes from `offset` on."""
        generation = None if etag is None else int(etag)

        def ask(start: int, room: memoryview) -> RangeAnswer:
            blob = self.handle.blob(key)
            last = start + min(len(room), _PIECE) - 1
            with asking("Cannot read the object", on=self.url(key)):
                body = blob.download_as_bytes(
                    start=start,
                    end=last,
                    raw_download=True,
                    if_generation_match=generation,
                    checksum=None,
                    retry=None,
                )
            if len(body) < min(len(room), _PIECE):
                raise ends_before(self.url(key), last + 1)
            room[: len(body)] = body
            return RangeAnswer(len(body), str(blob.generation))

        fill(ask, self.url(key), offset, buffer, etag)

    def put(
        self,
        key: str,
        body: bytes | bytearray | memoryview,
        *,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
        if_etag: str | None = None,
        sums: PartSum | None = None,
    ) -> PutReceipt:
        """Write a small object, checked by the store as it arrives; `sums` are its own, where they are known.

        Raises WriteConflict when `if_absent` or `if_etag` was given and somebody else was there first.
        """
        match = 0 if if_absent else int(if_etag) if if_etag else None
        blob = self.send(key, body, content_type=content_type, metadata=metadata, if_generation_match=match, sums=sums)
        return PutReceipt(str(blob.generation), sums_of(blob))

    def send(
        self,
        key: str,
        body: bytes | bytearray | memoryview,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        if_generation_match: int | None = None,
        sums: PartSum | None = None,
    ) -> Any:
        """Write an object and return the SDK's; content that was damaged on the way is sent again.

        Raises UploadCorrupted when it is damaged each time.
        """
        known = None if sums is None else sums.crc32c
        crc32c = crc32_text(sum_of(body, {"crc32c"}).crc32c or 0 if known is None else known)
        pass_at_once(len(body))
        whole = bytes(body)
        for _ in range(_SENDS):
            blob = self.handle.blob(key)
            blob.metadata = dict(metadata) if metadata else None
            # Told beforehand, so that the store keeps nothing that differs.
            blob.crc32c = crc32c
            try:
                with asking("Cannot write the object", on=self.url(key)):
                    blob.upload_from_string(
                        whole, content_type=content_type, if_generation_match=if_generation_match, retry=None
                    )
            except StoreRefused as refusal:
                if refusal.code != DAMAGED:
                    raise
            else:
                return blob
        raise UploadCorrupted(
            f"The object was damaged on its way {_SENDS} times",
            on=self.url(key),
            remedy="Run again; if it comes back, check what lies between the store and this machine",
        )

    def list(self, prefix: str) -> Iterator[ListedObject]:
        """List all objects under a prefix, in the order of their keys."""
        for blob in self.listed(prefix, "name,size,generation,updated"):
            yield ListedObject(blob.name, int(blob.size), str(blob.generation), blob.updated)

    def listed(self, prefix: str, fields: str, *, most: int | None = None) -> Iterator[Any]:
        """List the SDK's objects under a prefix with these `fields`, `most` of them."""
        found = self.client.list_blobs(
            self.bucket, prefix=prefix, fields=f"items({fields}),nextPageToken", max_results=most, retry=None
        )
        pages = found.pages
        while True:
            with asking("Cannot list the objects", on=self.url(prefix)):
                page = next(pages, None)
            if page is None:
                return
            yield from page

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are no error."""

        def remove(key: str) -> None:
            try:
                with asking("Cannot delete the object", on=self.url(key)):
                    self.handle.blob(key).delete(retry=None)
            except NotInStore:
                return

        self.each(remove, keys)

    def each(self, act: Callable[[str], T], keys: Sequence[str]) -> tuple[T, ...]:
        """Do something with each key, several at once; the first failure is raised when all have ended."""
        if not keys:
            return ()
        with ThreadPoolExecutor(min(self._connections, len(keys)), thread_name_prefix="gcs") as threads:
            return tuple(threads.map(act, keys))


def sums_of(blob: Any) -> StoreSums:
    """Return what the store computed of an object; a composed one has no MD5."""
    return StoreSums(crc32c=blob.crc32c, md5=md5_hex(blob))


def md5_hex(blob: Any) -> str | None:
    """Return the store's MD5 of an object in hex digits; None for one that has none."""
    return base64.b64decode(blob.md5_hash).hex() if blob.md5_hash else None
