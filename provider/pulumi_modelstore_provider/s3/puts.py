"""Objects of one bucket, written with one request each: sent, and the answer waited for when it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.errors import WriteConflict
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.stores.protocol import Body, PartSum, PutReceipt, StoreSums
from pulumi_modelstore_provider.stores.started import Started

if TYPE_CHECKING:
    from pulumi_modelstore_provider.s3.objects import Objects


def start_put(
    objects: Objects,
    key: str,
    body: Body,
    what: Mapping[str, Any],
    *,
    if_absent: bool,
    if_etag: str | None = None,
    sums: PartSum | None,
) -> Started[PutReceipt]:
    """Send `body` with `what` the SDK is told of it, its checksum and the condition; its receipt is `finish`'s."""
    writing = asking("Cannot write the object", on=objects.url(key))

    def start() -> Started[Any]:
        condition = objects.condition(if_absent=if_absent, if_etag=if_etag)
        further = {**what, **objects.guarded(body, sums), **condition}
        with writing:
            return objects.sender.start_put({"Bucket": objects.bucket, "Key": key, "Body": body, **further})

    begun = objects.understood
    first = start()
    waiting = [first]

    def send() -> Any:
        started = waiting.pop() if waiting else start()
        with writing:
            return started.finish()

    def receipt() -> PutReceipt:
        try:
            answer = objects.learning(send, begun=begun)
        except WriteConflict:
            if if_etag is None or not objects.quotes_etags or not _still_has(objects, key, if_etag):
                raise
            answer = _without_quotes(objects, send)
        # A store that passes over the checksum leaves it out of the answer, and may know the older Content-MD5.
        objects.sends_crc32 = objects.sends_crc32 and "ChecksumCRC32" in answer
        return PutReceipt(bare_etag(answer["ETag"]), told_sums(answer))

    return Started(receipt, first.answered_on)


def _still_has(objects: Objects, key: str, if_etag: str) -> bool:
    found = objects.head(key)
    return found is not None and found.etag == bare_etag(if_etag)


def _without_quotes(objects: Objects, send: Callable[[], Any]) -> Any:
    """Send with an ETag as Ceph 16 compares it: it takes the quotes in If-Match for a part of it."""
    objects.quotes_etags = False
    try:
        return objects.learning(send)
    except WriteConflict:
        objects.quotes_etags = True
        raise


def told_sums(answer: Mapping[str, Any]) -> StoreSums:
    """Return the sums that an answer of the SDK tells."""
    # Not each ETag is an MD5, with encryption for one: one that differs proves nothing.
    return StoreSums(crc32=answer.get("ChecksumCRC32"), md5=bare_etag(answer["ETag"]))


def bare_etag(etag: str) -> str:
    """Return an ETag without its quotes."""
    return etag.strip('"')
