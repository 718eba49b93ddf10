"""The AWS SDK's clients, and what their failures mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modelstore_client.asking import Asking
from pulumi_modelstore_client.errors import (
    AccessRefused,
    LibraryMissing,
    NotInStore,
    StoreError,
    StoreFull,
    StoreUnreachable,
)
from pulumi_modelstore_client.location import Location
from pulumi_modelstore_client.time_limits import TimeLimits

CONNECTIONS = 32
"""Requests under way at once."""

_ACCESS = {
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature",
    "InvalidAccessKeyId", "InvalidClientTokenId", "MissingAuthenticationToken", "SignatureDoesNotMatch",
    "UnrecognizedClientException", "403",
}  # fmt: skip
_ABSENT = {"AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucket", "NoSuchKey", "QueueDoesNotExist", "404",
           "ResourceNotFoundException"}  # fmt: skip
_FULL = {"InsufficientStorage", "ItemCollectionSizeLimitExceededException", "QuotaExceeded", "XMinioStorageFull"}
_LATER = {
    "OverLimit", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown", "ThrottlingException",
    "TransactionCanceledException",
}  # fmt: skip


def connect(
    service: str, place: Location, limits: TimeLimits, *, endpoint: str | None = None, config: Mapping[str, Any] | None
) -> Any:
    """Return boto3's client of a service, safe to share between threads; opens no connection yet.

    Args:
        service: such as `dynamodb`.
        place: `region=` and `endpoint=` of its URL are used; without a key pair the SDK's own chain is.
        limits: time-outs and attempts.
        endpoint: in place of the one in the URL.
        config: further settings of botocore's Config.

    Raises:
        LibraryMissing: where boto3 is not installed.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise LibraryMissing(
            "The Python package boto3, the AWS SDK, is not installed", remedy="Install it: pip install boto3"
        ) from None
    settings = Config(
        connect_timeout=limits.connect,
        read_timeout=limits.read,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
        **(config or {}),
    )
    return boto3.Session().client(
        service,
        region_name=place.option("region") or None,
        endpoint_url=endpoint or place.option("endpoint") or None,
        aws_access_key_id=place.access_key_id or None,
        aws_secret_access_key=place.secret_access_key or None,
        verify=place.ca_file or None,
        config=settings,
    )


class asking(Asking):  # noqa: N801 - read as a word: with asking("The value could not be read", ...)
    """Raise a StoreError for whatever the SDK raises inside the block."""

    __slots__ = ()

    def _failure(self, error: BaseException, on: str) -> StoreError | None:
        return _failure(error, self._failed, on)


def _failure(error: BaseException, failed: str, on: str) -> StoreError | None:
    from boto3.exceptions import RetriesExceededError, S3UploadFailedError
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    if isinstance(error, ClientError):
        return _refusal(error, failed, on)
    if isinstance(error, S3UploadFailedError | RetriesExceededError):
        # What a transfer in parts makes of the service's answer.
        if isinstance(error.__context__, ClientError):
            return _refusal(error.__context__, failed, on)
        return StoreError(failed, on=on, answer=str(error))
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        remedy = "Have the pod take its environment from the store's Secret, or give its account a role"
        return AccessRefused(failed, on=on, answer=str(error), remedy=remedy)
    if isinstance(error, BotoCoreError):
        remedy = "Check the region and endpoint, and that the network lets this pod reach them"
        return StoreUnreachable(failed, on=on, answer=str(error), remedy=remedy)
    return None


def _code_of(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code") or "")


def _refusal(error: Any, failed: str, on: str) -> StoreError:
    code, message = _code_of(error), str(error.response.get("Error", {}).get("Message") or "")
    answer = f"{code}: {message}" if message else code
    if code in _ACCESS:
        remedy = "Check that the key in the store's Secret is valid and may do this"
        return AccessRefused(failed, on=on, answer=answer, remedy=remedy)
    if code in _ABSENT:
        remedy = "Check its name and the region, and that the stack that declares it is up"
        return NotInStore(failed, on=on, answer=answer, remedy=remedy)
    if code in _FULL:
        return StoreFull(failed, on=on, answer=answer, remedy="Make room, or raise the quota")
    later = "Try again later: the service limits how much it takes at once" if code in _LATER else ""
    return StoreError(failed, on=on, answer=answer, remedy=later)
