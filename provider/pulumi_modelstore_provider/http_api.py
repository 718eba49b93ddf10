"""JSON over HTTP with the administrative interface of a store: time-outs, retries, TLS, and errors to act on."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode, urlsplit

from pulumi_modelstore_provider.errors import NotInStore, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.proxies import pool_through_proxy
from pulumi_modelstore_provider.time_limits import TimeLimits, time_limits
from pulumi_modelstore_provider.tls import pool_settings

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

Signer: TypeAlias = Callable[[str, str, Mapping[str, str], bytes], Mapping[str, str]]
"""Gives the headers for a request: method, URL, headers so far, body. Called again for each try."""

_BACKOFF_SECONDS = 0.5
_RETRIED_STATUS = (429, 502, 503, 504)
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})
_LONGEST_ANSWER = 500
_REMEDIES = {
    401: "Check the administrator's credentials that are referred to",
    403: "Check that the administrator's credentials may do this",
    404: "Check the address of the administrative interface",
    429: "Run again later: what is already there is kept",
    503: "Run again later: what is already there is kept",
}


class HttpApi:
    """One interface of one store.

    Args:
        base_url: where it is, without a slash at the end.
        name: how messages call it, such as `Ceph's Admin Ops API`.
        headers: sent with each request, such as an authorization.
        verify_tls: false accepts any certificate.
        ca_bundle: path of a PEM file with the CA certificates to trust.
        signer: gives further headers for each request.
        limits: time-outs and tries; unset, those of the process.
        proxied: whether it is on the internet, to be reached by the proxy that the environment names.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        verify_tls: bool = True,
        ca_bundle: str | None = None,
        signer: Signer | None = None,
        limits: TimeLimits | None = None,
        proxied: bool = False,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._name, self._headers, self._signer = name, dict(headers or {}), signer
        self._verify_tls, self._ca_bundle, self._limits = verify_tls, ca_bundle, limits or time_limits()
        self._proxied = proxied
        self._pool: PoolManager | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        ok: Collection[int] = (200, 201, 202, 204),
        failed: str = "",
    ) -> Any:
        """Send one request and return the answer's JSON, None where there is none.

        Args:
            method: of HTTP; all but POST are sent again after a lost connection, and any after 429, 502, 503, 504.
            path: beginning with a slash.
            query: its parameters.
            body: sent as JSON unless it is bytes.
            headers: further ones.
            ok: statuses that are no refusal.
            failed: what did not work, for the message; unset, method and path.

        Raises:
            NotInStore: on 404.
            StoreRefused: on any other status.
            StoreUnreachable: where no answer came.
        """
        import urllib3

        url = f"{self.base_url}{path}" + (f"?{urlencode(query)}" if query else "")
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        failed = failed or f"{method} {path} of {self._name} failed"
        try:
            answer = self._send(method, url, payload, dict(headers or {}))
        except urllib3.exceptions.SSLError as error:
            raise self._tls_refused(failed, url, error) from None
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None)
            if isinstance(reason, urllib3.exceptions.SSLError):
                raise self._tls_refused(failed, url, reason) from None
            raise StoreUnreachable(
                failed,
                on=_without_query(url),
                answer=f"none; {_plain(reason or error)}",
                remedy="Check the address and the network; run again: what is already there is kept",
            ) from None
        if answer.status in ok:
            return _content(answer, failed, url)
        raise self._refusal(answer, failed, url)

    def _send(self, method: str, url: str, payload: bytes, headers: dict[str, str]) -> BaseHTTPResponse:
        import time

        import urllib3

        for attempt in range(1, self._limits.attempts + 1):
            last = attempt == self._limits.attempts
            sent = {**self._headers, **headers}
            if payload:
                sent.setdefault("Content-Type", "application/json")
            if self._signer is not None:
                # A signature holds the time: each try needs its own.
                sent.update(self._signer(method, url, sent, payload))
            try:
                answer = self._opened().request(method, url, body=payload or None, headers=sent, redirect=False)
            except urllib3.exceptions.HTTPError as error:
                repeatable = method in _REPEATABLE or isinstance(error, urllib3.exceptions.NewConnectionError)
                if last or not repeatable or isinstance(error, urllib3.exceptions.SSLError):
                    raise
            else:
                if last or answer.status not in _RETRIED_STATUS:
                    return answer
            time.sleep(_BACKOFF_SECONDS * 2 ** (attempt - 1))
        raise AssertionError("the last attempt returns or raises")

    def _opened(self) -> PoolManager:
        if self._pool is None:
            import urllib3

            trust = pool_settings(verify_tls=self._verify_tls, ca_bundle=self._ca_bundle, limits=self._limits)
            settings = {**trust, "retries": urllib3.Retry(False)}
            if self._proxied:
                self._pool = pool_through_proxy(self.base_url, **settings)
            else:
                self._pool = urllib3.PoolManager(**settings)
        return self._pool

    def _tls_refused(self, failed: str, url: str, error: Exception) -> StoreUnreachable:
        return StoreUnreachable(
            failed,
            on=_without_query(url),
            answer=_plain(error),
            remedy="Give the CA of its certificate with ca_bundle, or check that it speaks TLS at all",
        )

    def _refusal(self, answer: BaseHTTPResponse, failed: str, url: str) -> StoreRefused:
        text = " ".join(answer.data.decode("utf-8", "replace").split())[:_LONGEST_ANSWER]
        kind: type[StoreRefused] = NotInStore if answer.status == 404 else StoreRefused
        return kind(
            failed,
            on=_without_query(url),
            answer=f"HTTP {answer.status}" + (f": {text}" if text else ""),
            remedy=_REMEDIES.get(answer.status, ""),
            code=_code_of(text),
            status=answer.status,
        )


def _content(answer: BaseHTTPResponse, failed: str, url: str) -> Any:
    if not answer.data.strip():
        return None
    try:
        return json.loads(answer.data)
    except ValueError:
        raise StoreRefused(
            failed,
            on=_without_query(url),
            answer=f"HTTP {answer.status} with something that is no JSON",
            remedy="Check the address: something else answers there",
            status=answer.status,
        ) from None


def _code_of(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    return str(found.get("Code") or found.get("code") or "") if isinstance(found, dict) else ""


def _without_query(url: str) -> str:
    """The URL as messages show it: parameters may hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _plain(error: object) -> str:
    # urllib3 puts the object's address in front of the reason.
    return str(error).rpartition(": ")[2] or type(error).__name__
