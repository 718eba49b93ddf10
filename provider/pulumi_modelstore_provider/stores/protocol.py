"""What this package asks of a store: the objects of one bucket (or container), read, written in parts, listed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pulumi_modelstore_provider.stores.bodies import Body
from pulumi_modelstore_provider.stores.part_sums import PartSum, SumKind
from pulumi_modelstore_provider.stores.started import Started

__all__ = [
    "Body",
    "ListedObject",
    "ObjectHead",
    "ObjectStore",
    "OpenUpload",
    "PartSum",
    "PutReceipt",
    "StoreSums",
    "StoredPart",
    "SumKind",
]


class StoreSums(NamedTuple):
    """What the store itself computed of an object, as it writes it; None for what it did not.

    Args:
        crc32: base64 of four bytes, big end first; `base64-N` where it is that of N parts' CRC32s.
        crc32c: the same of the Castagnoli polynomial, over the whole object.
        md5: hex digits of an object that was written at once; `hex-N` where it is the MD5 of N parts' MD5s.
    """

    crc32: str | None = None
    crc32c: str | None = None
    md5: str | None = None


NO_SUMS = StoreSums()
"""For a store that said nothing."""


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What the store says of an object; `size` in bytes, `etag` as in listings and receipts."""

    size: int
    etag: str
    metadata: Mapping[str, str]
    sums: StoreSums = NO_SUMS


class ListedObject(NamedTuple):
    """An object in a listing; `etag` without quotes, `size` in bytes, `modified` as the store's clock has it."""

    key: str
    size: int
    etag: str
    modified: datetime.datetime | None = None


class PutReceipt(NamedTuple):
    """The store's answer to a write."""

    etag: str
    sums: StoreSums = NO_SUMS


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload that is begun and not completed. `uses_crc32` tells whether the store checks parts by CRC32."""

    key: str
    upload_id: str
    uses_crc32: bool


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that the store has. Where `crc32` is None, the store did not compute it and `etag` is the MD5 in hex."""

    number: int
    size: int
    etag: str
    crc32: int | None = None


class ObjectStore(Protocol):
    """One bucket's objects, safe to share between threads.

    Every method raises the errors of `pulumi_modelstore_provider.errors`: NotInStore for what is not there (where it
    does not return None), StoreRefused for other refusals, StoreUnreachable where no answer came.
    """

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        ...

    @property
    def sends_from_memory(self) -> bool:
        """Whether a body goes out of the memory that it lies in, without a copy."""
        ...

    @property
    def wanted_sums(self) -> frozenset[SumKind]:
        """Sums beside CRC32 that are to be computed of each part, because the store's answers hold them."""
        ...

    def url(self, key: str) -> str:
        """Return how messages name an object."""
        ...

    def head(self, key: str) -> ObjectHead | None:
        """Return what the store knows of an object; None if it is not there."""
        ...

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return a small object's bytes, and what `put` takes as `if_etag`; None if it is not there."""
        ...

    def stream(self, key: str, chunk: int = 1 << 20) -> Iterator[bytes]:
        """Read an object piece by piece, each of at most `chunk` bytes."""
        ...

    def read_into(self, key: str, offset: int, buffer: memoryview, *, etag: str | None = None) -> None:
        """Fill all of `buffer` with the object's bytes from `offset` on; an empty one asks nothing.

        `etag` is of a head or a listing. Raises ObjectChanged when the object is another one, or ends before.
        """
        ...

    def start_read(self, key: str, buffer: memoryview, *, etag: str | None = None) -> Started[None]:
        """Begin what `read_into` does from the object's beginning on."""
        ...

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
        ...

    def start_put(
        self,
        key: str,
        body: memoryview,
        *,
        content_type: str,
        metadata: Mapping[str, str],
        if_absent: bool,
        sums: PartSum,
    ) -> Started[PutReceipt]:
        """Begin what `put` does. Until it is finished `body` has to stay as it is."""
        ...

    def list(self, prefix: str) -> Iterator[ListedObject]:
        """List all objects under a prefix, in the order of their keys."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are no error."""
        ...

    def begin(self, key: str, *, content_type: str, metadata: Mapping[str, str]) -> OpenUpload:
        """Begin an upload in parts."""
        ...

    def open_uploads(self, prefix: str) -> Iterator[OpenUpload]:
        """List the uploads under a prefix that were begun and neither completed nor aborted, oldest first for a key."""
        ...

    def stored_parts(self, upload: OpenUpload) -> dict[int, StoredPart]:
        """Return the parts that the store has, by number; none when the upload is gone."""
        ...

    def send_part(self, upload: OpenUpload, number: int, body: Body, *, sums: PartSum | None = None) -> StoredPart:
        """Send one part, checked by the store as it arrives; `number` counts from 1, `sums` are known of it already."""
        ...

    def complete(self, upload: OpenUpload, parts: Sequence[StoredPart], *, crc32: int | None, if_absent: bool) -> None:
        """Join the parts into the object; `crc32` is that of the whole object, for a store that compares it.

        Raises NotInStore when the upload is gone and WriteConflict when `if_absent` and somebody else wrote the object.
        """
        ...

    def abort(self, upload: OpenUpload) -> None:
        """Throw an unfinished upload away; one that is gone already is no error."""
        ...

    def bucket_exists(self) -> bool:
        """Tell whether the bucket is there. Raises StoreRefused when it is and the key may not see it."""
        ...

    def create_bucket(self) -> None:
        """Create the bucket; one that this account has already is left as it is.

        Raises ModelstoreError when the name belongs to somebody else.
        """
        ...

    def abort_uploads_after(self, days: int) -> None:
        """Have the store itself throw uploads away that were not completed within `days`; other rules are kept."""
        ...

    def log_access(self, target: str | None, prefix: str = "") -> None:
        """Have the store write down each access to the bucket, as objects of the bucket `target`; None ends that.

        Raises ModelstoreError where the store has no such log.
        """
        ...

    def probe(self, prefix: str) -> None:
        """Send the cheapest request under a prefix that the store answers to valid keys only."""
        ...

    def presigned_url(self, key: str, *, seconds: int) -> str:
        """Return a URL that reads the object without keys, for `seconds`.

        Raises ModelstoreError where the credentials at hand cannot sign one.
        """
        ...
