"""Turns what the SDK raises into what a user can act on."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.clock import clocks_apart
from pulumi_modelstore_provider.errors import NotInStore, StoreRefused, WriteConflict
from pulumi_modelstore_provider.s3.breakdowns import breakdown
from pulumi_modelstore_provider.s3.foreign_answers import SAID, ForeignAnswer

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_ABSENT = {"NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NotFound", "404"}
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "412"}
_LATER = "Run again later: what is already there is kept"
_OTHER_KIND = "Check that the namespace's backend is the one for this store: it does not take the request"
_OTHER_REGION = "Check the region: the bucket is in another one"
_FULL = "Make room on the store's disk or enlarge it, then run again"
FOREIGN = "ForeignAnswer"
"""The `code` of an answer that no S3 store gives."""

_REMEDIES = {
    "AccessDenied": "Check that the key may do this on this bucket and prefix",
    "403": "Check that the key is valid and may do this on this bucket and prefix",
    "InvalidAccessKeyId": "Check the access key id that the credentials refer to: the store does not know it",
    "SignatureDoesNotMatch": "Check the secret access key that the credentials refer to, and the region",
    "ExpiredToken": "Log in again: the temporary credentials are over",
    "InvalidToken": "Log in again, or leave out the session token",
    "RequestTimeTooSkewed": "Set the clock of this machine, or of the store.",
    "NoSuchBucket": "Check the bucket's name and the endpoint, or let the namespace create the bucket",
    "PermanentRedirect": _OTHER_REGION,
    "AuthorizationHeaderMalformed": _OTHER_REGION,
    "301": _OTHER_REGION,
    "InvalidLocationConstraint": "Check the region: the store has none of that name (Ceph: the zone group's)",
    "SlowDown": _LATER,
    "ServiceUnavailable": _LATER,
    "InternalError": _LATER,
    "TooManyRequests": _LATER,
    **dict.fromkeys(("429", "500", "502", "503", "504"), _LATER),
    **dict.fromkeys(("400", "501"), _OTHER_KIND),
    "QuotaExceeded": "Make room in the bucket or raise its quota, then run again",
    **dict.fromkeys(("InsufficientStorage", "XMinioStorageFull", "507"), _FULL),
    "EntityTooLarge": "Check the store's limit for one object",
}


class asking:  # noqa: N801 - it is read as a word of the statement
    """Raise a ModelstoreError for whatever the SDK raises inside: `failed` did not work on the object `on`.

    NotInStore stands for 404, WriteConflict for 412 and 409, StoreRefused for any other answer, StoreUnreachable for
    none at all. A generator in its place would take a tenth of the time of a small request.
    """

    __slots__ = ("_failed", "_on")

    def __init__(self, failed: str, *, on: str) -> None:
        self._failed, self._on = failed, on

    def __enter__(self) -> None:
        """Nothing has failed yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise what `error` means."""
        if error is None:
            return
        from botocore.exceptions import BotoCoreError, ClientError

        # from None: the SDK's own traceback says nothing that a user could use.
        if isinstance(error, ClientError):
            raise _refusal(error, self._failed, self._on) from None
        if isinstance(error, ForeignAnswer):
            raise StoreRefused(
                self._failed, on=self._on, answer=error.answer, remedy=error.remedy, code=FOREIGN, status=error.status
            ) from None
        if isinstance(error, BotoCoreError):
            raise breakdown(error, self._failed, self._on) from None


def _refusal(error: ClientError, failed: str, on: str) -> StoreRefused:
    response: dict[str, Any] = error.response
    detail = response.get("Error", {})
    code, message = str(detail.get("Code") or ""), str(detail.get("Message") or "")
    told = response.get("ResponseMetadata", {})
    status, headers = int(told.get("HTTPStatusCode", 0)), told.get("HTTPHeaders", {})
    answer = f"{code}: {message}" if message and message != code else code
    if str(status) != code and status:
        answer = f"{answer} (HTTP {status})"
    kind: type[StoreRefused] = StoreRefused
    if code in _ABSENT:
        kind = NotInStore
    elif code in _CONFLICT:
        kind = WriteConflict
    if response.get(SAID):
        answer = response[SAID]
    return kind(failed, on=on, answer=answer, remedy=_remedy(code, status, headers), code=code, status=status)


def _remedy(code: str, status: int, headers: Mapping[str, str]) -> str:
    remedy = _REMEDIES.get(code) or _REMEDIES.get(str(status), "")
    region = headers.get("x-amz-bucket-region")
    if region and remedy == _OTHER_REGION:
        return f"{remedy}: {region}"
    if code == "RequestTimeTooSkewed":
        return " ".join(filter(None, (remedy, clocks_apart(headers.get("date")))))
    return remedy
