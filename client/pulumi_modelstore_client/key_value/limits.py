"""What fits into the key-value store, the same on every engine, checked before anything is sent."""

from __future__ import annotations

from datetime import timedelta

from pulumi_modelstore_client.errors import InvalidRequest, TooLarge

KEY_BYTES = 32 * 1024
"""32 kB of 1,024 bytes: 32,768 bytes of UTF-8."""
VALUE_BYTES = 256 * 1024
"""256 kB of 1,024 bytes: 262,144 bytes. With its key it stays below the 400 KB of an item in DynamoDB."""
NAMESPACE_BYTES = 255
LONGEST_LIFE = timedelta(days=36500)


def encoded_name(name: str) -> bytes:
    """The namespace's name in UTF-8. Raises InvalidRequest or TooLarge."""
    return _encoded(name, "namespace", NAMESPACE_BYTES)


def encoded_key(key: str) -> bytes:
    """The key in UTF-8. Raises InvalidRequest or TooLarge."""
    return _encoded(key, "key", KEY_BYTES)


def checked_value(value: bytes) -> bytes:
    """The value as bytes. Raises InvalidRequest or TooLarge."""
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InvalidRequest(
            f"A value is bytes, and {type(value).__name__} is not", remedy="Encode text: text.encode()"
        )
    taken = bytes(value)
    if len(taken) > VALUE_BYTES:
        raise TooLarge(
            f"A value of {len(taken)} bytes is too large",
            remedy=f"The limit is {VALUE_BYTES} bytes: put it into the object store and its name here",
        )
    return taken


def seconds_to_live(expires_after: float | timedelta | None) -> float | None:
    """Seconds until the key expires, None for never. Raises InvalidRequest where it is no span of time."""
    if expires_after is None:
        return None
    seconds = expires_after.total_seconds() if isinstance(expires_after, timedelta) else float(expires_after)
    if not 0.001 <= seconds <= LONGEST_LIFE.total_seconds():
        raise InvalidRequest(
            f"A key cannot expire after {seconds} seconds", remedy="Give 0.001 s to 100 years, or None for never"
        )
    return seconds


def _encoded(text: str, what: str, limit: int) -> bytes:
    if not isinstance(text, str) or not text:
        found = "is empty" if text == "" else f"is of the type {type(text).__name__}"
        raise InvalidRequest(f"The {what} {found}", remedy=f"Give a {what} of 1 to {limit} bytes of UTF-8")
    try:
        taken = text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(
            f"The {what} is no valid Unicode", remedy="Leave out surrogates that stand alone"
        ) from None
    if len(taken) > limit:
        raise TooLarge(
            f"A {what} of {len(taken)} bytes is too large",
            remedy=f"The limit is {limit} bytes of UTF-8: use a digest of it",
        )
    return taken
