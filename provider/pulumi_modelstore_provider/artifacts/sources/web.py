"""Reads files over HTTP by ranges: redirects, retries, and a token that goes to one host only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pulumi_modelstore_provider.artifacts.sources.addresses import shown
from pulumi_modelstore_provider.artifacts.sources.web_answers import asked_to_wait
from pulumi_modelstore_provider.errors import NotInStore, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.proxies import pool_through_proxy
from pulumi_modelstore_provider.time_limits import time_limits
from pulumi_modelstore_provider.tls import pool_settings

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_MOST_REDIRECTS = 8
_CONNECTIONS = 16
_BACKOFF_SECONDS = 0.5
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REMEDIES = {
    401: "Give a token that may read it, by reference",
    403: "Check that the token, if there is one, may read it, and that a signed URL has not expired",
    404: "Check the URL",
    410: "Check the URL: what was there is gone for good",
}


@dataclass(frozen=True)
class Address:
    """Where a file is, and how it is asked for.

    Args:
        url: its URL, which may hold a secret.
        name: how messages name it; never with a secret.
        token: sent as `Authorization: Bearer` to the URL's own scheme, host and port.
        remedies: what to do after a refusal, by HTTP status, where that is more than is usually known.
    """

    url: str = field(repr=False)
    name: str
    token: str | None = field(default=None, repr=False)
    remedies: Mapping[int, str] = field(default_factory=dict)


class Web:
    """Connections to web servers, safe to share between threads."""

    def __init__(self) -> None:
        self._limits = time_limits()
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, str], PoolManager] = {}
        self._resolved: dict[str, str] = {}

    def ask(self, address: Address, *, first: int | None = None, last: int | None = None) -> BaseHTTPResponse:
        """Return the answer to a GET, its body unread: 200, or for the range `first` to `last` also 206 and 416.

        Close it. Redirects are followed, and where one led is kept until it expires. Raises NotInStore on 404,
        StoreRefused on another refusal, StoreUnreachable where no answer comes.
        """
        import urllib3

        headers = {"Accept-Encoding": "identity", "User-Agent": "pulumi-modelstore"}
        if first is not None:
            headers["Range"] = f"bytes={first}-{'' if last is None else last}"
        for attempt in range(1, self._limits.attempts + 1):
            is_last = attempt == self._limits.attempts
            wait = _BACKOFF_SECONDS * 2 ** (attempt - 1)
            try:
                answer = self._follow(address, headers)
            except urllib3.exceptions.HTTPError as error:
                if is_last or isinstance(error, urllib3.exceptions.SSLError):
                    raise _unreachable(address, error) from None
            else:
                if answer.status in (200, 206) or (answer.status == 416 and first is not None):
                    return answer
                moved = self._forget(address)
                if is_last or not (moved or answer.status in _RETRIED):
                    raise _refusal(address, answer)
                wait = 0.0 if moved else max(wait, asked_to_wait(answer))
                answer.close()
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, address: Address, headers: Mapping[str, str]) -> BaseHTTPResponse:
        with self._lock:
            url = self._resolved.get(address.url, address.url)
        for _ in range(_MOST_REDIRECTS):
            sent = dict(headers)
            if address.token and _origin(url) == _origin(address.url):
                sent["Authorization"] = f"Bearer {address.token}"
            answer = self._pool(url).request("GET", url, headers=sent, redirect=False, preload_content=False)
            target = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or not target:
                with self._lock:
                    if url != address.url:
                        self._resolved[address.url] = url
                return answer
            answer.close()
            before, url = url, urljoin(url, target)
            if urlsplit(url).scheme not in ("https", urlsplit(before).scheme) or not urlsplit(url).hostname:
                raise StoreRefused(
                    "The server leads to an address that is not safe to follow",
                    on=address.name,
                    answer=f"a redirect to {shown(url)}",
                    remedy="Give the address that serves the file itself",
                )
        raise StoreRefused(
            f"The server redirects more than {_MOST_REDIRECTS} times", on=address.name, remedy="Check the URL"
        )

    def _forget(self, address: Address) -> bool:
        """Drop where redirects led: signed addresses expire. Tells whether there was anything to drop."""
        with self._lock:
            return self._resolved.pop(address.url, None) is not None

    def _pool(self, url: str) -> PoolManager:
        import urllib3

        with self._lock:
            origin = _origin(url)
            if origin not in self._pools:
                bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
                trust = pool_settings(verify_tls=True, ca_bundle=bundle, limits=self._limits)
                retries = urllib3.Retry(False)
                self._pools[origin] = pool_through_proxy(url, maxsize=_CONNECTIONS, retries=retries, **trust)
            return self._pools[origin]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, f"{parts.hostname}:{port}"


def _refusal(address: Address, answer: BaseHTTPResponse) -> StoreRefused:
    reason = answer.headers.get("X-Error-Message") or answer.reason or ""
    answer.close()
    kind = NotInStore if answer.status == 404 else StoreRefused
    return kind(
        "Cannot read the file",
        on=address.name,
        answer=f"HTTP {answer.status} {reason}".strip(),
        remedy=address.remedies.get(answer.status) or _REMEDIES.get(answer.status, "Run again later"),
        code=answer.headers.get("X-Error-Code", ""),
        status=answer.status,
    )


def _unreachable(address: Address, error: Exception) -> StoreUnreachable:
    reason = getattr(error, "reason", None) or error
    # urllib3 puts the object's address, and the URL with its query, in front of the reason.
    said = str(reason).rpartition(": ")[2] or type(reason).__name__
    return StoreUnreachable(
        "Cannot read the file",
        on=address.name,
        answer=f"none; {said}",
        remedy="Check the address, the network, and HTTPS_PROXY if there is a proxy; then run again",
    )
