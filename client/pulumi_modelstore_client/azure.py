"""Azure's client of a container, and what its failures mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_client.asking import Asking
from pulumi_modelstore_client.errors import (
    AccessRefused,
    InvalidRequest,
    LibraryMissing,
    NotInStore,
    StoreError,
    StoreFull,
    StoreUnreachable,
)
from pulumi_modelstore_client.location import Location
from pulumi_modelstore_client.time_limits import TimeLimits

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

CONNECTIONS = 32
"""Requests under way at once."""

_REFUSED, _ABSENT, _FULL, _LATER = (401, 403), 404, 507, (429, 500, 503)
_INSTALL = "Install it: pip install azure-storage-blob"


def connect(place: Location, limits: TimeLimits) -> BlobServiceClient:
    """Return the SDK's client of an account, safe to share between threads; opens no connection yet.

    Raises LibraryMissing where azure-storage-blob is not installed, or azure-identity for a pod without a key, and
    InvalidRequest where such a pod's login were to go without TLS.
    """
    try:
        import requests
        from azure.core.pipeline.transport import RequestsTransport
        from azure.storage.blob import BlobServiceClient, ExponentialRetry
        from requests.adapters import HTTPAdapter
    except ImportError:
        raise LibraryMissing("The Python package azure-storage-blob is not installed", remedy=_INSTALL) from None
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
    transport = RequestsTransport(
        session=session,
        connection_timeout=limits.connect,
        read_timeout=limits.read,
        connection_verify=place.ca_file or True,
    )
    # About 1, 3 and 5 seconds before the second, third and fourth attempt.
    retries = ExponentialRetry(
        initial_backoff=1, increment_base=2, random_jitter_range=1, retry_total=limits.attempts - 1
    )
    credential = _credential(place)
    return BlobServiceClient(account_url(place), credential=credential, transport=transport, retry_policy=retries)


def account_url(place: Location) -> str:
    """Where the account's blob service is."""
    endpoint = place.option("endpoint") or f"https://{place.option('account')}.blob.core.windows.net"
    return endpoint.rstrip("/")


def is_sas(place: Location) -> bool:
    """Whether the key is a SAS token: an account's key is base64, which has no `=` but at its end."""
    return "sig=" in place.secret_access_key


def _credential(place: Location) -> Any:
    if is_sas(place):
        from azure.core.credentials import AzureSasCredential

        return AzureSasCredential(place.secret_access_key.lstrip("?"))
    if place.secret_access_key:
        return {"account_name": place.option("account"), "account_key": place.secret_access_key}
    if account_url(place).startswith("http:"):
        remedy = "Use an https endpoint, or have the pod take its environment from a Secret with a key"
        raise InvalidRequest(f"{place.variable} has no key, and a login does not go without TLS", remedy=remedy)
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        remedy = "Install it: pip install azure-identity, or have the pod take its environment from the store's Secret"
        raise LibraryMissing(
            "Without a key the pod's identity is used, and the Python package azure-identity is not installed",
            remedy=remedy,
        ) from None
    return DefaultAzureCredential()


class asking(Asking):  # noqa: N801 - read as a word: with asking("The object could not be read", ...)
    """Raise a StoreError for whatever the SDK raises inside the block."""

    __slots__ = ()

    def _failure(self, error: BaseException, on: str) -> StoreError | None:
        from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

        if not isinstance(error, AzureError):
            return None
        if isinstance(error, HttpResponseError) and error.status_code is not None:
            return _refusal(error, self._failed, on)
        answer = _first_line(error.message)
        if isinstance(error, ClientAuthenticationError):
            # Nothing was sent: no login was found, or the key is none.
            remedy = "Check the key in the store's Secret, or give the pod an identity that opens the container"
            return AccessRefused(self._failed, on=on, answer=answer, remedy=remedy)
        remedy = "Check the endpoint, and that the network lets this pod reach it"
        return StoreUnreachable(self._failed, on=on, answer=answer, remedy=remedy)


def _refusal(error: Any, failed: str, on: str) -> StoreError:
    found, status = getattr(error, "error_code", None), error.status_code
    code, message = str(getattr(found, "value", found) or f"HTTP {status}"), _first_line(error.message)
    answer = f"{code}: {message}" if message else code
    if status in _REFUSED:
        remedy = "Check that the key in the store's Secret is valid and may do this"
        return AccessRefused(failed, on=on, answer=answer, remedy=remedy)
    if status == _ABSENT:
        remedy = "Check its name and the account, and that the stack that declares it is up"
        return NotInStore(failed, on=on, answer=answer, remedy=remedy)
    if status == _FULL:
        return StoreFull(failed, on=on, answer=answer, remedy="Make room, or raise the account's limit")
    later = "Try again later: the service limits how much it takes at once" if status in _LATER else ""
    return StoreError(failed, on=on, answer=answer, remedy=later)


def _first_line(message: Any) -> str:
    # Below it is the string that was to be signed; what follows a question mark in a URL may be a SAS token.
    return re.sub(r"\?[^\s'\")]*", "", str(message or "").partition("\n")[0].strip())
