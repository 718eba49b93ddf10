"""Turns what the SDK raises into what a user can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.azure.breakdowns import breakdown, cut_off
from pulumi_modelstore_provider.clock import LARGEST_SKEW, clocks_apart, skew
from pulumi_modelstore_provider.errors import CredentialsUnavailable, NotInStore, StoreRefused, WriteConflict

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

_ABSENT = {"BlobNotFound", "ContainerNotFound", "ResourceNotFound"}
_CONFLICT = {"ConditionNotMet", "TargetConditionNotMet", "BlobAlreadyExists"}
_PRECONDITION_FAILED = 412

_LATER = "Run again later: what is already there is kept"
_WRONG_KEY = (
    "Check the account key (or SAS token) that the credentials refer to: it is not one of this account's two keys now, "
    "or the token's access policy is gone or over"
)
_RIGHTS = "Give the identity the role 'Storage Blob Data Contributor' on the container, or use a token that may do this"
_REMEDIES = {
    "AuthenticationFailed": _WRONG_KEY,
    "AuthorizationFailure": f"{_WRONG_KEY}; or let the account's firewall admit this machine",
    "AuthorizationPermissionMismatch": _RIGHTS,
    "InsufficientAccountPermissions": _RIGHTS,
    "AuthorizationProtocolMismatch": "Use the https endpoint: the token is good for that alone",
    "AuthorizationSourceIPMismatch": "Ask from an address that the token is good for",
    "KeyBasedAuthenticationNotPermitted": "Allow key access on the storage account, or use credentials='default'",
    "InvalidAuthenticationInfo": "Log in again, and check that the login is of the account's tenant",
    "NoAuthenticationInformation": "Give credentials: the container is closed to the public",
    "PublicAccessNotPermitted": "Give credentials: the container is closed to the public",
    "AccountIsDisabled": "Have the storage account enabled again",
    "ContainerNotFound": "Check the container's name and the account, or let the namespace create the container",
    "ContainerBeingDeleted": "Run again in a minute: a container of that name is being deleted",
    "ResourceNotFound": "Check the storage account's name and the endpoint",
    "OutOfRangeInput": "Check the container's name: 3 to 63 characters",
    "InvalidResourceName": "Check the container's name: lower-case letters, digits and single hyphens",
    "LeaseIdMissing": "Release or break the lease on it first",
    "BlobImmutableDueToPolicy": "Wait until the immutability policy ends, or choose another name",
    "BlobArchived": "Bring the blob back from the archive tier first",
    "InvalidBlobOrBlock": "Another program left uncommitted blocks on this blob: commit them, or wait a week",
    "ServerBusy": _LATER,
    "OperationTimedOut": _LATER,
    "InternalError": _LATER,
}
_NO_BLOB_SERVICE = "Check the endpoint: what answers there is no blob service"


@contextmanager
def asking(failed: str, *, on: str) -> Iterator[None]:
    """Raise a ModelstoreError for whatever the SDK raises inside: `failed` did not work on the object `on`.

    NotInStore stands for what does not exist, WriteConflict for a condition that was not met, StoreRefused for any
    other answer, StoreUnreachable for none at all.
    """
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        # from None: the SDK's own traceback says nothing that a user could use.
        raise (_login_failure(error, failed, on) or cut_off(error, failed, on) or _refusal(error, failed, on)) from None
    except AzureError as error:
        raise breakdown(error, failed, on) from None


def _refusal(error: HttpResponseError, failed: str, on: str) -> StoreRefused:
    found = getattr(error, "error_code", None)
    code, status = str(getattr(found, "value", found) or ""), int(error.status_code or 0)
    headers = _headers(error)
    if not code and "x-ms-request-id" not in headers:
        answer = f"HTTP {status} {error.reason or ''}".strip()
        return StoreRefused(failed, on=on, answer=answer, remedy=_NO_BLOB_SERVICE, code=code, status=status)
    # Only the first line: those below it hold the string that was to be signed.
    message = str(error.message or "").partition("\n")[0].strip()
    answer = f"{code}: {message} (HTTP {status})" if code else f"HTTP {status}: {message}"
    kind: type[StoreRefused] = StoreRefused
    if code in _ABSENT:
        kind = NotInStore
    elif code in _CONFLICT or (not code and status == _PRECONDITION_FAILED):
        kind = WriteConflict
    remedy = _REMEDIES.get(code, "")
    ahead = skew(headers.get("Date"))
    if status in (401, 403) and ahead is not None and abs(ahead) > LARGEST_SKEW:
        remedy = f"Set the clock of this machine. {clocks_apart(headers.get('Date'))}"
    return kind(failed, on=on, answer=answer, remedy=remedy, code=code, status=status)


def _headers(error: HttpResponseError) -> Mapping[str, str]:
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    return headers


def _login_failure(error: HttpResponseError, failed: str, on: str) -> CredentialsUnavailable | None:
    """Return the error where nothing was sent, which the SDK counts as refused: no login was found, or no key is."""
    from azure.core.exceptions import ClientAuthenticationError

    code = getattr(error, "error_code", None)
    if code or not isinstance(error, ClientAuthenticationError) or "x-ms-version" in _headers(error):
        return None
    if type(error).__name__ == "AzureSigningError":
        # The SDK does not export the class, and its text is about base64.
        remedy = "Check the secret access key that the credentials refer to: it is to be an account key, in base64"
        return CredentialsUnavailable(failed, on=on, answer="the account key is no base64", remedy=remedy)
    return CredentialsUnavailable(
        failed,
        on=on,
        answer=str(error.message or "").partition("\n")[0],
        remedy="Log in with 'az login', run where a managed or workload identity is, or give the account's key by "
        "'env:' or 'config:'",
    )
