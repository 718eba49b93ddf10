"""What is allowed in the object store, checked before anything is sent."""

from __future__ import annotations

from pulumi_modelstore_client.errors import InvalidRequest, TooLarge

KEY_BYTES = 1024
"""Of the whole key in the bucket (Amazon S3 User Guide, object key names)."""
URL_SECONDS = 900
LONGEST_URL_SECONDS = 7 * 24 * 3600
"""The longest that a signature of version 4 is good for (Amazon S3 API reference)."""


def check_key(prefix: str, key: str) -> None:
    """Raise InvalidRequest or TooLarge where it is no key of a store at that prefix, or might lead out of it."""
    if not isinstance(key, str) or not key or key.startswith("/"):
        raise InvalidRequest(f"An object cannot be called {key!r}", remedy="Give a path such as reports/a.json")
    if any(part in (".", "..") for part in key.split("/")) or any(ord(character) < 32 for character in key):
        raise InvalidRequest(
            f"An object cannot be called {key!r}", remedy="Leave out '.' and '..' as folders, and control characters"
        )
    try:
        size = len((prefix + key).encode())
    except UnicodeEncodeError:
        raise InvalidRequest("The key is no valid Unicode", remedy="Leave out surrogates that stand alone") from None
    if size > KEY_BYTES:
        raise TooLarge(
            f"A key of {size} bytes is too large", remedy=f"The limit is {KEY_BYTES} with the store's prefix"
        )


def url_seconds(expires_seconds: int) -> int:
    """Seconds that a URL is good for. Raises InvalidRequest."""
    if not isinstance(expires_seconds, int) or not 1 <= expires_seconds <= LONGEST_URL_SECONDS:
        raise InvalidRequest(
            f"A URL cannot be good for {expires_seconds!r} seconds", remedy=f"Give 1 to {LONGEST_URL_SECONDS}"
        )
    return expires_seconds
