"""The HTTP session under the SDK: every request has a time-out, and what failed on the way is sent again."""

from __future__ import annotations

from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession, Request
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from pulumi_modelstore_provider.time_limits import TimeLimits

_AGAIN = (408, 429, 500, 502, 503, 504)
"""Answers that may be different the next time (Cloud Storage documentation, "Retry strategy")."""

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 16.0


class _Adapter(HTTPAdapter):
    """Sends with the time-outs and the trust of its own: the SDK and the environment would set others."""

    def __init__(self, *, limits: TimeLimits, connections: int, verification: bool | str | None) -> None:
        self._timeout = (limits.connect, limits.read)
        self._verification = verification
        # Each request here is conditional, writes what it has written before, or only reads: all may be repeated.
        again = Retry(
            total=limits.attempts - 1,
            status_forcelist=_AGAIN,
            allowed_methods=None,
            backoff_factor=_FIRST_PAUSE,
            backoff_max=_LONGEST_PAUSE,
            backoff_jitter=_FIRST_PAUSE,
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        super().__init__(pool_connections=connections, pool_maxsize=connections, max_retries=again)

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,  # noqa: ARG002 - replaced
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """Send one request."""
        trusted = verify if self._verification is None else self._verification
        return super().send(request, stream, self._timeout, trusted, cert, proxies)


def session(
    credentials: Any, *, limits: TimeLimits, connections: int, verification: bool | str | None
) -> AuthorizedSession:
    """Return a session for the SDK.

    `verification` is for the store alone (a CA bundle's path, False for none, None for the usual trust); access tokens
    come from Google in any case, over the usual trust.
    """
    tokens = Session()
    tokens.mount("https://", _Adapter(limits=limits, connections=1, verification=None))
    tokens.mount("http://", _Adapter(limits=limits, connections=1, verification=None))
    made: AuthorizedSession = AuthorizedSession(  # type: ignore[no-untyped-call]
        credentials,
        auth_request=Request(tokens),
        # Nobody has no other token to try: the refusal itself is to be heard.
        max_refresh_attempts=0 if isinstance(credentials, AnonymousCredentials) else 2,
    )
    made.mount("https://", _Adapter(limits=limits, connections=connections, verification=verification))
    made.mount("http://", _Adapter(limits=limits, connections=connections, verification=verification))
    return made
