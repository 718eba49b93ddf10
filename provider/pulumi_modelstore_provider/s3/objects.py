"""The objects of one bucket: the narrow part of S3 that this package needs."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_modelstore_provider.crc32 import crc32_text
from pulumi_modelstore_provider.errors import (
    DownloadCorrupted,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
)
from pulumi_modelstore_provider.s3 import listings, puts
from pulumi_modelstore_provider.s3.direct import DirectRequests
from pulumi_modelstore_provider.s3.direct_lists import DirectLists
from pulumi_modelstore_provider.s3.direct_reads import DirectReads
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.puts import bare_etag, told_sums
from pulumi_modelstore_provider.s3.ranges import read_range, start_read
from pulumi_modelstore_provider.stores.part_sums import sum_of
from pulumi_modelstore_provider.stores.protocol import (
    Body,
    ListedObject,
    ObjectHead,
    PartSum,
    PutReceipt,
    SumKind,
)
from pulumi_modelstore_provider.stores.ranges import fill
from pulumi_modelstore_provider.stores.started import Started

_SENDS = 4
_DAMAGED = {"BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"}
_NO_REASON_GIVEN = 400
"""An answer to HEAD has no body: that the store does not know checksums looks like any bad request."""

NOT_UNDERSTOOD = {"NotImplemented", "InvalidArgument", "InvalidRequest", "MissingContentMD5", "UnsupportedArgument"}
"""Codes by which stores refuse what they do not know: checksums, conditions."""


class Objects:
    """One bucket's objects through one client. Learns from refusals what the store does not understand."""

    def __init__(self, client: Any, bucket: str, *, address: str = "", direct: DirectRequests | None = None) -> None:
        self.client = client
        self.sender = direct or DirectRequests(client)
        self.reader = DirectReads(self.sender)
        self.lister = DirectLists(self.sender)
        self.bucket = bucket
        self.address = address
        self.sends_crc32 = True
        self.writes_conditionally = True
        self.quotes_etags = True

    sends_from_memory = True

    @property
    def wanted_sums(self) -> frozenset[SumKind]:
        """MD5 where the store does not check by CRC32: its ETags are all that there is to compare."""
        return frozenset() if self.sends_crc32 else frozenset({"md5"})

    def url(self, key: str) -> str:
        """Return how messages name an object: `s3://bucket/key`, with the endpoint unless it is AWS."""
        where = f" at {self.address}" if self.address and self.address != "aws" else ""
        return f"s3://{self.bucket}/{key}{where}"

    def head(self, key: str) -> ObjectHead | None:
        """Return what the store knows of an object, checksums included; None if it is not there."""
        wanted = {"ChecksumMode": "ENABLED"} if self.sends_crc32 else {}
        try:
            with asking("Cannot look at the object", on=self.url(key)):
                answer = self.client.head_object(Bucket=self.bucket, Key=key, **wanted)
        except NotInStore:
            return None
        except StoreRefused as refusal:
            if refusal.status != _NO_REASON_GIVEN or not wanted:
                raise
            self.sends_crc32 = False
            return self.head(key)
        return ObjectHead(
            int(answer["ContentLength"]), bare_etag(answer["ETag"]), answer.get("Metadata", {}), told_sums(answer)
        )

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return a small object's bytes and its ETag as the store wrote it; None if it is not there.

        The bytes are compared with the store's checksum where it has one: nothing else would tell of a tag whose name
        was damaged on its way.
        """
        try:
            answer = self._got(key)
            try:
                return self._body(key, answer), answer["ETag"]
            except (StoreUnreachable, DownloadCorrupted):
                # The SDK sends a request again, but does not ask again for a body that was cut off or damaged.
                answer = self._got(key)
                return self._body(key, answer), answer["ETag"]
        except NotInStore as missing:
            if missing.code == "NoSuchBucket":
                raise
            return None

    def _got(self, key: str) -> Any:
        wanted = {"ChecksumMode": "ENABLED"} if self.sends_crc32 else {}
        try:
            with asking("Cannot read the object", on=self.url(key)):
                return self.client.get_object(Bucket=self.bucket, Key=key, **wanted)
        except StoreRefused as refusal:
            if refusal.status != _NO_REASON_GIVEN or not wanted:
                raise
            self.sends_crc32 = False
            return self._got(key)

    def _body(self, key: str, answer: Any) -> bytes:
        with asking("Cannot read the object", on=self.url(key)):
            body: bytes = answer["Body"].read()
        return body

    def stream(self, key: str, chunk: int = 1 << 20) -> Iterator[bytes]:
        """Read an object piece by piece."""
        with asking("Cannot read the object", on=self.url(key)):
            yield from self.client.get_object(Bucket=self.bucket, Key=key)["Body"].iter_chunks(chunk)

    def read_into(self, key: str, offset: int, buffer: memoryview, *, etag: str | None = None) -> None:
        """Fill all of `buffer` with the object's bytes from `offset` on."""
        fill(functools.partial(read_range, self, key), self.url(key), offset, buffer, etag)

    def start_read(self, key: str, buffer: memoryview, *, etag: str | None = None) -> Started[None]:
        """Begin what `read_into` does from the object's beginning on."""
        return start_read(self, key, buffer, etag)

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

        `if_absent` and `if_etag` make it conditional where the store can (see `writes_conditionally`): WriteConflict
        then says that somebody else was there first.
        """
        what = {"ContentType": content_type, "Metadata": dict(metadata or {})}
        return puts.start_put(self, key, body, what, if_absent=if_absent, if_etag=if_etag, sums=sums).finish()

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
        """Begin what `put` does; until it is finished, `body` has to stay as it is."""
        what = {"ContentType": content_type, "Metadata": metadata}
        return puts.start_put(self, key, body, what, if_absent=if_absent, sums=sums)

    def guarded(self, body: Body, sums: PartSum | None = None) -> dict[str, str]:
        """Return the arguments by which the store can tell that `body` arrived whole."""
        if self.sends_crc32:
            crc32 = sum_of(body).crc32 if sums is None else sums.crc32
            return {"ChecksumAlgorithm": "CRC32", "ChecksumCRC32": crc32_text(crc32)}
        return self.guarded_by_md5(body, sums)

    @staticmethod
    def guarded_by_md5(body: Body, sums: PartSum | None = None) -> dict[str, str]:
        """Return the same for stores that know no checksum but Content-MD5."""
        digest = sums.md5 if sums is not None and sums.md5 is not None else sum_of(body, {"md5"}).md5 or b""
        return {"ContentMD5": base64.b64encode(digest).decode("ascii")}

    def condition(self, *, if_absent: bool, if_etag: str | None = None) -> dict[str, str]:
        """Return the arguments that make a write conditional; none where the store does not know conditions."""
        if not self.writes_conditionally:
            return {}
        if if_absent:
            return {"IfNoneMatch": "*"}
        if not if_etag:
            return {}
        return {"IfMatch": if_etag if self.quotes_etags else bare_etag(if_etag)}

    @property
    def understood(self) -> tuple[bool, bool]:
        """What the store is known to understand, as far as that has been learned: checksums, and conditions."""
        return self.sends_crc32, self.writes_conditionally

    def learning(self, send: Callable[[], Any], *, begun: tuple[bool, bool] | None = None) -> Any:
        """Send, and send again what was damaged on the way.

        Where the store does not understand checksums or conditions, note that and send without them. `begun` is what
        was `understood` when the first request went, if it is on its way already.
        """
        for _ in range(_SENDS - 1):
            before, begun = begun or self.understood, None
            try:
                return send()
            except StoreRefused as refusal:
                # Another request may have taught it while this one was on its way.
                learned = before != self.understood
                if not learned and refusal.code not in _DAMAGED and not self._gave_up_one(refusal):
                    raise
        return send()

    def _gave_up_one(self, refusal: StoreRefused) -> bool:
        if refusal.code not in NOT_UNDERSTOOD and refusal.status != 501:
            return False
        answer = refusal.answer.lower()
        about_checksum = "checksum" in answer or "crc32" in answer
        if self.sends_crc32 and (about_checksum or not self.writes_conditionally):
            self.sends_crc32 = False
            return True
        if self.writes_conditionally and not about_checksum:
            self.writes_conditionally = False
            return True
        return False

    def list(self, prefix: str) -> Iterator[ListedObject]:
        """List all objects under a prefix, in the order of their keys."""
        return listings.listed(self, prefix)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are no error."""
        listings.delete(self, keys)
