"""What fits into a queue, the same on every engine, checked before anything is sent."""

from __future__ import annotations

import re

from pulumi_modelstore_client.errors import InvalidRequest, TooLarge
from pulumi_modelstore_client.names import valid_name

BODY_BYTES = 192 * 1024
"""196,608 bytes: in base64, as SQS takes text only, they are the 262,144 that it has taken since its beginning."""
BATCH = 10
"""Most messages of one `receive` (SQS's API reference)."""
WAIT_SECONDS = 20
"""Longest wait of one `receive` (SQS's API reference)."""
VISIBILITY_SECONDS = 12 * 3600
"""Longest time that a message may be out (SQS's API reference)."""
DELIVERIES = 1000
"""Most deliveries before a message is put aside (SQS's API reference)."""
REPEATS_SECONDS = 300
"""How long a message of the same deduplication id counts as a repeat (SQS's developer guide)."""

_LONGEST_QUEUE = 40
# What SQS takes as a group and as a deduplication id.
_TOKEN = re.compile(r"[!-~]{1,128}")


def valid_queue(name: str) -> str:
    """Return the queue's name. Raises InvalidRequest."""
    return valid_name(name, what="A queue", longest=_LONGEST_QUEUE)


def valid_token(token: str, *, what: str) -> str:
    """Return a group or deduplication id. Raises InvalidRequest."""
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise InvalidRequest(
            f"A {what} cannot be {token!r}", remedy="Use 1 to 128 ASCII letters, digits and punctuation, without spaces"
        )
    return token


def checked_body(body: bytes) -> bytes:
    """The body as bytes. Raises InvalidRequest or TooLarge."""
    if not isinstance(body, bytes | bytearray | memoryview) or not len(body):
        found = (
            "is empty" if isinstance(body, bytes | bytearray | memoryview) else f"is of the type {type(body).__name__}"
        )
        raise InvalidRequest(f"The message {found}", remedy=f"Give 1 to {BODY_BYTES} bytes; encode text: text.encode()")
    taken = bytes(body)
    if len(taken) > BODY_BYTES:
        raise TooLarge(
            f"A message of {len(taken)} bytes is too large",
            remedy=f"The limit is {BODY_BYTES} bytes: put it into the object store and its name here",
        )
    return taken


def within(value: float, low: float, high: float, *, what: str) -> float:
    """Return the number. Raises InvalidRequest where it is outside of its bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidRequest(f"{what} cannot be {value!r}", remedy=f"Give {low} to {high}")
    return value
