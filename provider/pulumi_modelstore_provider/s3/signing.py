"""Signs requests with AWS Signature Version 4, leaving the body out of the signature.

The SDK's own signer takes a millisecond and, over plain HTTP, another pass over the body. What is sent here carries a
checksum of its own, which the store compares and which is signed with the other headers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from urllib.parse import quote

from pulumi_modelstore_provider.clock import now

UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SECOND = timedelta(seconds=1)
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9_.~/-]*")
_ODD_SPACES = ("  ", ": ", " \n", "\t")
"""Where header lines may have to be signed otherwise than they are sent: spaces that do not count are left out."""

Headers: TypeAlias = Sequence[tuple[str, str]]
"""Names in small letters, and values."""


class Keys(Protocol):
    """A key pair at one moment, as the SDK gives it."""

    @property
    def access_key(self) -> str:
        """Its id."""
        ...

    @property
    def secret_key(self) -> str:
        """Its secret."""
        ...

    @property
    def token(self) -> str | None:
        """The token of temporary keys."""
        ...


class RequestSigner:
    """Signs requests to one region's S3; threads may share it. `keys` is asked for each request: keys are renewed."""

    def __init__(self, keys: Callable[[], Keys], region: str, *, clock: Callable[[], datetime] = now) -> None:
        self._keys, self._region, self._clock = keys, region, clock
        self._cached: tuple[tuple[str, str], hmac.HMAC] | None = None
        self._second: tuple[datetime | None, str] = None, ""

    def signed(self, method: str, path: str, query: str, headers: Headers) -> list[tuple[str, str]]:
        """Return `headers` with those that sign them; `host` has to be among them.

        `path` is quoted as it is sent; `query` is in order and quoted, as `canonical_query` returns it.
        """
        keys = self._keys()
        time = self._time()
        scope = f"{time[:8]}/{self._region}/s3/aws4_request"
        sent = [*headers, ("x-amz-content-sha256", UNSIGNED), ("x-amz-date", time)]
        if keys.token:
            sent.append(("x-amz-security-token", keys.token))
        sent.sort()
        names = ";".join([name for name, _ in sent])
        listed = "\n".join(map(":".join, sent))
        if not listed.isascii() or any(map(f"{listed}\n".__contains__, _ODD_SPACES)):
            listed = "\n".join([f"{name}:{' '.join(value.split())}" for name, value in sent])
        request = f"{method}\n{path}\n{query}\n{listed}\n\n{names}\n{UNSIGNED}"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{time}\n{scope}\n{digest}"
        signing = self._day(keys.secret_key, time[:8]).copy()
        signing.update(text.encode())
        credential = f"{_ALGORITHM} Credential={keys.access_key}/{scope}"
        sent.append(("authorization", f"{credential}, SignedHeaders={names}, Signature={signing.hexdigest()}"))
        return sent

    def _time(self) -> str:
        """The time as it is signed. Of one second, it is written out once."""
        moment, (since, text) = self._clock(), self._second
        if since is None or not since <= moment < since + _SECOND:
            since, text = moment.replace(microsecond=0), moment.strftime("%Y%m%dT%H%M%SZ")
            self._second = since, text
        return text

    def _day(self, secret: str, day: str) -> hmac.HMAC:
        """What signs on one day: four passes that need not be made for each request."""
        wanted, made = (secret, day), self._cached
        if made is None or made[0] != wanted:
            key = f"AWS4{secret}".encode()
            for step in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, step.encode(), "sha256")
            made = (wanted, hmac.new(key, digestmod="sha256"))
            self._cached = made
        return made[1]


def quoted_path(path: str) -> str:
    """Return a path as S3 expects it in the request line and in the signature: quoted once."""
    return path if _NEEDS_NO_QUOTES.fullmatch(path) else quote(path, safe="/~")


def canonical_query(parameters: Sequence[tuple[str, str]]) -> str:
    """Return a query in the order and spelling that the signature wants."""
    return "&".join(sorted(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in parameters))
