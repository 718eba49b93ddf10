"""The URL of a store: scheme, host and port, and nothing in it that belongs elsewhere."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator


def valid_endpoint(value: str, *, with_path: bool = False) -> str:
    """Return the URL, scheme and host in lower case, without a slash at its end; `with_path` allows a path.

    Raises ValueError on any other URL.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an endpoint is a URL with scheme and host, such as https://s3.example.org:9000")
    if parts.username or parts.password:
        raise ValueError("an endpoint holds no user or password; give credentials by reference")
    if parts.query or parts.fragment:
        raise ValueError("an endpoint has no query")
    if parts.path not in ("", "/") and not with_path:
        raise ValueError("an endpoint ends after the port: no bucket, path or query")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the endpoint's port is not a number from 1 to 65535")
    return parts._replace(netloc=parts.netloc.lower()).geturl().rstrip("/")


Endpoint: TypeAlias = Annotated[str, AfterValidator(valid_endpoint)]
"""A URL of scheme, host and port, kept in lower case and without a slash at its end."""
