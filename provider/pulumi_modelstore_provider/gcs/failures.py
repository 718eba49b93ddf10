"""Turns what the SDK raises into what a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.errors import (
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
    UploadCorrupted,
    WriteConflict,
)

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

NO_BUCKET = "NoSuchBucket"
"""Code of NotInStore where the bucket itself is missing: the JSON API calls both `notFound`."""

DAMAGED = "BadDigest"
"""Code of StoreRefused for content that arrived other than its checksum says."""

_REMEDIES = {
    401: "Check the credentials: the store does not know them, or they are over",
    403: "Check that the account may do this on this bucket and prefix; a role takes minutes to be known everywhere",
    404: "Check the bucket's name and the endpoint, or let the namespace create the bucket",
    429: "Run again later: what is already there is kept",
    500: "Run again later: what is already there is kept",
    502: "Run again later: what is already there is kept",
    503: "Run again later: what is already there is kept",
    504: "Run again later: what is already there is kept",
}
_CLOCK = ("iat", "short-lived", "expired")


@contextmanager
def asking(failed: str, *, on: str) -> Iterator[None]:
    """Raise a ModelstoreError for whatever the SDK raises inside: `failed` did not work on the object `on`.

    NotInStore stands for 404, WriteConflict for 412 and 409, StoreRefused for any other answer (of the token's issuer,
    too), StoreUnreachable for none at all.
    """
    import requests
    import urllib3
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except GoogleAPICallError as error:
        # from None: the SDK's own traceback says nothing that a user could use.
        raise _refusal(error, failed, on) from None
    except GoogleAuthError as error:
        raise _no_token(error, failed, on) from None
    except requests.exceptions.SSLError as error:
        raise StoreUnreachable(
            failed,
            on=on,
            answer=str(error),
            remedy="Give the store's CA with ca_bundle, or check that the endpoint speaks TLS at all",
        ) from None
    except requests.exceptions.InvalidJSONError as error:
        raise StoreUnreachable(
            failed,
            on=on,
            answer=f"not one of Cloud Storage; {error}",
            remedy="Check the endpoint: something else answers there",
        ) from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _no_answer(error, failed, on) from None
    except Exception as error:
        # Where the SDK keeps this exception differs between its releases 2 and 3.
        if type(error).__name__ == "DataCorruption":
            remedy = "Run again; if it comes back, check what lies between the store and this machine"
            raise UploadCorrupted(failed, on=on, answer=str(error), remedy=remedy) from None
        raise


def _refusal(error: GoogleAPICallError, failed: str, on: str) -> StoreRefused:
    status = int(error.code or 0)
    code, message = _said(error)
    kind: type[StoreRefused] = StoreRefused
    if status == 404:
        kind = NotInStore
        code = NO_BUCKET if "bucket does not exist" in message else code
    elif status in (409, 412):
        kind = WriteConflict
    elif status == 400 and "doesn't match calculated" in message:
        code = DAMAGED
    answer = f"{code}: {message} (HTTP {status})" if code else f"{message} (HTTP {status})"
    return kind(failed, on=on, answer=answer, remedy=_REMEDIES.get(status, ""), code=code, status=status)


def _said(error: GoogleAPICallError) -> tuple[str, str]:
    """Return the reason and the message of the store's answer; the SDK puts the request's URL before the latter."""
    answer: Any = error.response
    try:
        content = answer.json()["error"]
        details = content.get("errors") or [{}]
        return str(details[0].get("reason", "")), str(content.get("message", ""))
    except (AttributeError, KeyError, TypeError, ValueError):
        return "", str(error.message)


def _no_token(error: Exception, failed: str, on: str) -> ModelstoreError:
    from google.auth.exceptions import TransportError

    text = str(error.args[0]) if error.args else type(error).__name__
    if isinstance(error, TransportError):
        return _no_answer(error, failed, on)
    code, _, said = text.partition(": ")
    if any(word in said for word in _CLOCK):
        remedy = "Set this machine's clock; where it is right, log in again"
    elif code == "invalid_grant":
        remedy = "Check the service account and its key: it may be deleted or disabled, or not known everywhere yet"
    else:
        remedy = "Log in again with: gcloud auth application-default login; or check what the credentials refer to"
    return StoreRefused(failed, on=on, answer=text, remedy=remedy, code=code if said else "", status=401)


def _no_answer(error: Exception, failed: str, on: str) -> StoreUnreachable:
    return StoreUnreachable(
        failed,
        on=on,
        answer=f"none; {error}",
        remedy="Check the endpoint and the network; run again: what is already there is kept",
    )
