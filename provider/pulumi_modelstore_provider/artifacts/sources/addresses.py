"""Addresses of files on the web: which may stand in a stack's state, and how messages name the others."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import InvalidSource, keep_out_of_texts
from pulumi_modelstore_provider.tokens import resolve_token, valid_token_reference

_BY_REFERENCE = "give the whole URL by reference, as 'env:VARIABLE' or 'config:KEY'"
_SECRET_PARAMETER = re.compile(
    r"(?:^|[-_.])(?:sig|signature|sign|token|secret|password|passwd|pwd|auth|authorization|credential|credentials|key"
    r"|apikey|accesskey|accesskeyid|jwt|policy|session|code)(?:$|[-_.])|accesskey|keypair|securitytoken|apikey|signature",
    re.IGNORECASE,
)


def is_reference(value: str) -> bool:
    """Tell whether a URL is given by reference."""
    return value.startswith(("env:", "config:"))


def valid_url_or_reference(value: str) -> str:
    """Return the URL, or the reference to one. Raises ValueError, which does not repeat it, on anything else."""
    return valid_token_reference(value) if is_reference(value) else valid_url(value)


def valid_url(value: str) -> str:
    """Return a URL that anybody may read. Raises ValueError, which does not repeat it, on one that holds a secret."""
    secret = secret_in(_split(value))
    if secret is not None:
        raise ValueError(f"the URL holds {secret}, and a stack's state keeps it in clear: {_BY_REFERENCE}")
    return value


def secret_in(url: SplitResult) -> str | None:
    """What in a URL is a secret, without its value; None where nothing is."""
    if url.username is not None or url.password is not None:
        return "a user or password"
    for name, _ in parse_qsl(url.query, keep_blank_values=True):
        if _SECRET_PARAMETER.search(name):
            return f"a parameter {name!r} that looks like a signature or a key"
    return None


def resolved_url(value: str, *, config: ConfigLookup | None) -> str:
    """Return the URL itself; one that was given by reference is kept out of all texts from now on.

    Raises CredentialsUnavailable where the reference leads nowhere, and InvalidSource where it leads to no URL.
    """
    if not is_reference(value):
        return value
    found = resolve_token(value, config=config) or ""
    try:
        parts = _split(found)
    except ValueError as error:
        raise InvalidSource(value, [f"what it refers to is no URL to read from: {error}"]) from None
    for secret in (parts.query, unquote(parts.password or ""), parts.password or ""):
        keep_out_of_texts(secret)
    return found


def last_segment(url: str) -> str:
    """Return the file's name in a URL; empty where its path ends in a slash."""
    return unquote(urlsplit(url).path).rsplit("/", 1)[-1]


def shown(url: str, *, with_path: bool = True) -> str:
    """Return a URL as messages show it: without user, password, query or fragment, any of which may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path if with_path else ''}"


def _split(value: str) -> SplitResult:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL begins with https:// or http:// and a host")
    if parts.fragment:
        raise ValueError("a URL of a file has no '#'; leave that part out")
    if any(ord(character) <= 0x20 or ord(character) >= 0x7F for character in value):
        raise ValueError("a URL holds no spaces and no letters beyond ASCII; write them in percent notation")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the URL's port is not a number from 1 to 65535")
    return parts
