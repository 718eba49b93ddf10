"""Reads a range of an object, on connections of the package's own where that works, and through the SDK else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.errors import StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.stores.ranges import RangeAnswer, fill
from pulumi_modelstore_provider.stores.started import Started

if TYPE_CHECKING:
    from pulumi_modelstore_provider.s3.objects import Objects

_CHUNK = 1 << 20


def read_range(objects: Objects, key: str, offset: int, buffer: memoryview) -> RangeAnswer:
    """Read into `buffer` from `offset` on, as much as one answer brings.

    Raises StoreUnreachable when not one byte came, and StoreRefused where the store does not know ranges.
    """
    return objects.reader.start(key, offset, buffer).finish() or _by_the_sdk(objects, key, offset, buffer)


def start_read(objects: Objects, key: str, buffer: memoryview, etag: str | None) -> Started[None]:
    """Ask for an object; `finish` fills `buffer` from its beginning, with further requests where those are needed."""
    if not buffer:
        return Started(lambda: None)
    waiting = [first := objects.reader.start(key, 0, buffer)]

    def ask(offset: int, rest: memoryview) -> RangeAnswer:
        if waiting:
            return waiting.pop().finish() or _by_the_sdk(objects, key, offset, rest)
        return read_range(objects, key, offset, rest)

    return Started(lambda: fill(ask, objects.url(key), 0, buffer, etag), first.answered_on)


def _by_the_sdk(objects: Objects, key: str, offset: int, buffer: memoryview) -> RangeAnswer:
    last = offset + len(buffer) - 1
    with asking("Cannot read the object", on=objects.url(key)):
        answer = objects.client.get_object(Bucket=objects.bucket, Key=key, Range=f"bytes={offset}-{last}")
    body, etag = answer["Body"], str(answer["ETag"]).strip('"')
    try:
        # A store that passes over the header sends the whole object.
        if not str(answer.get("ContentRange", f"bytes {offset}-" if not offset else "")).startswith(f"bytes {offset}-"):
            raise StoreRefused(
                "The store does not read ranges of an object",
                on=objects.url(key),
                answer=f"other bytes than were asked for: {answer.get('ContentRange', 'all of them')}",
                remedy="Check what lies between the store and this machine",
            )
        return RangeAnswer(_read(objects, key, body, buffer), etag)
    finally:
        body.close()


def _read(objects: Objects, key: str, body: Any, buffer: memoryview) -> int:
    done = 0
    try:
        while done < len(buffer):
            with asking("Cannot read the object", on=objects.url(key)):
                count: int = body.readinto(buffer[done : done + _CHUNK])
            if not count:
                break
            done += count
    except StoreUnreachable:
        if not done:
            raise
    return done
