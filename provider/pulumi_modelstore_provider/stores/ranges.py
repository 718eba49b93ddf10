"""Fills a buffer with a range of an object: asks again where an answer was cut off, and notices another object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pulumi_modelstore_provider.errors import NotInStore, ObjectChanged, StoreRefused, StoreUnreachable, WriteConflict

_SENDS = 4
_NOT_SATISFIABLE = 416
_AGAIN = "Run again when nobody else writes there"


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """How many bytes of an answer came, from its beginning, and the ETag of the object that they are of."""

    count: int
    etag: str


Ask: TypeAlias = Callable[[int, memoryview], RangeAnswer]
"""Reads from an offset into a buffer, with one request."""


def fill(ask: Ask, url: str, offset: int, buffer: memoryview, etag: str | None) -> None:
    """Fill all of `buffer` with what `ask` reads from `offset` on; an empty one asks nothing.

    What an answer lacks is asked for again, four times without progress at most. Raises ObjectChanged when the object
    is not that of `etag`, changes meanwhile or ends before, StoreUnreachable when nothing comes, and what `ask` raises.
    """
    expected, sends = None if etag is None else etag.strip('"'), _SENDS
    while buffer:
        try:
            answer = ask(offset, buffer)
        except StoreUnreachable:
            sends -= 1
            if not sends:
                raise
            continue
        except WriteConflict as conflict:
            raise changed(url, conflict.answer) from None
        except StoreRefused as refusal:
            if refusal.status != _NOT_SATISFIABLE or isinstance(refusal, NotInStore):
                raise
            raise ends_before(url, offset) from None
        expected = expected if expected is not None else answer.etag
        if answer.etag != expected:
            raise changed(url, f"its ETag is {answer.etag}, and was {expected}")
        sends = _SENDS if answer.count else sends - 1
        if not sends:
            raise StoreUnreachable(
                "Cannot read the object", on=url, answer="headers without the bytes that they announce", remedy=_AGAIN
            )
        offset, buffer = offset + answer.count, buffer[answer.count :]


def ends_before(url: str, end: int) -> ObjectChanged:
    """Return the error for an object of fewer bytes than `end`."""
    return changed(url, f"it has fewer bytes than {end}")


def changed(url: str, found: str) -> ObjectChanged:
    """Return the error for an object that is not the one any more that was to be read."""
    return ObjectChanged("The object was changed while it was read", on=url, answer=found, remedy=_AGAIN)
