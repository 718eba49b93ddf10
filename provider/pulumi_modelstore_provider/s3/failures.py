"""Turns what the SDK raises into what a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
    WriteConflict,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_ABSENT = {"NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NotFound", "404"}
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "412"}
_REMEDIES = {
    "AccessDenied": "Check that the key may do this on this bucket and prefix",
    "403": "Check that the key is valid and may do this on this bucket and prefix",
    "InvalidAccessKeyId": "Check the access key id that the credentials refer to: the store does not know it",
    "SignatureDoesNotMatch": "Check the secret access key that the credentials refer to, and the region",
    "ExpiredToken": "Log in again: the temporary credentials are over",
    "InvalidToken": "Log in again, or leave out the session token",
    "RequestTimeTooSkewed": "Set this machine's clock",
    "NoSuchBucket": "Check the bucket's name and the endpoint, or let the namespace create the bucket",
    "PermanentRedirect": "Check the region: the bucket is in another one",
    "AuthorizationHeaderMalformed": "Check the region: the bucket is in another one",
    "301": "Check the region: the bucket is in another one",
    "SlowDown": "Run again later: what is already there is kept",
    "ServiceUnavailable": "Run again later: what is already there is kept",
    "InternalError": "Run again later: what is already there is kept",
    "QuotaExceeded": "Make room in the bucket or raise its quota, then run again",
    "EntityTooLarge": "Check the store's limit for one object",
}


@contextmanager
def asking(failed: str, *, on: str) -> Iterator[None]:
    """Raise a ModelstoreError for whatever the SDK raises inside: `failed` did not work on the object `on`.

    NotInStore stands for 404, WriteConflict for 412 and 409, StoreRefused for any other answer, StoreUnreachable for
    none at all.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        # from None: the SDK's own traceback says nothing that a user could use.
        raise _refusal(error, failed, on) from None
    except BotoCoreError as error:
        raise _breakdown(error, failed, on) from None


def _refusal(error: ClientError, failed: str, on: str) -> StoreRefused:
    response: dict[str, Any] = error.response
    detail = response.get("Error", {})
    code, message = str(detail.get("Code", "")), str(detail.get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    answer = f"{code}: {message}" if message and message != code else code
    if str(status) != code and status:
        answer = f"{answer} (HTTP {status})"
    kind: type[StoreRefused] = StoreRefused
    if code in _ABSENT:
        kind = NotInStore
    elif code in _CONFLICT:
        kind = WriteConflict
    remedy = _REMEDIES.get(code) or _REMEDIES.get(str(status), "")
    return kind(failed, on=on, answer=answer, remedy=remedy, code=code, status=status)


def _breakdown(error: Exception, failed: str, on: str) -> ModelstoreError:
    from botocore import exceptions

    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return CredentialsUnavailable(failed, on=on, answer=str(error), remedy="Check what the credentials refer to")
    if isinstance(error, exceptions.SSLError):
        return StoreUnreachable(
            failed,
            on=on,
            answer=str(error),
            remedy="Give the store's CA with ca_bundle, or check that the endpoint speaks TLS at all",
        )
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        return StoreUnreachable(
            failed,
            on=on,
            answer=f"none; {error}",
            remedy="Check the endpoint and the network; run again: what is already there is kept",
        )
    return ModelstoreError(failed, on=on, answer=str(error))
