"""Signs requests with AWS Signature Version 4, leaving the body out of the signature.

The SDK's own signer takes a millisecond and, over plain HTTP, another pass over the body. What is sent here carries a
checksum of its own, which the store compares and which is signed with the other headers.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias
from urllib.parse import quote

from pulumi_modelstore_provider.clock import now

UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"

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

    def signed(self, method: str, path: str, query: str, headers: Headers) -> list[tuple[str, str]]:
        """Return `headers` with those that sign them; `host` has to be among them.

        `path` is quoted as it is sent; `query` is in order and quoted, as `canonical_query` returns it.
        """
        keys = self._keys()
        time = self._clock().strftime("%Y%m%dT%H%M%SZ")
        scope = f"{time[:8]}/{self._region}/s3/aws4_request"
        sent = [*headers, ("x-amz-content-sha256", UNSIGNED), ("x-amz-date", time)]
        if keys.token:
            sent.append(("x-amz-security-token", keys.token))
        sent.sort()
        names = ";".join([name for name, _ in sent])
        listed = "".join([f"{name}:{' '.join(value.split())}\n" for name, value in sent])
        request = f"{method}\n{path}\n{query}\n{listed}\n{names}\n{UNSIGNED}"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{time}\n{scope}\n{digest}"
        signing = self._day(keys.secret_key, time[:8]).copy()
        signing.update(text.encode())
        signature = signing.hexdigest()
        credential = f"{_ALGORITHM} Credential={keys.access_key}/{scope}"
        sent.append(("authorization", f"{credential}, SignedHeaders={names}, Signature={signature}"))
        return sent

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
    return quote(path, safe="/~")


def canonical_query(parameters: Sequence[tuple[str, str]]) -> str:
    """Return a query in the order and spelling that the signature wants."""
    return "&".join(sorted(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in parameters))
