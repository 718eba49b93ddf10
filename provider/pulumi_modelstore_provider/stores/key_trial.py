"""Tries a new access key until it works: issuers answer before every server of theirs knows the key."""

from __future__ import annotations

import time
from collections.abc import Callable

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.stores.opening import open_bucket

PATIENCE = 120.0
"""Seconds until a key counts as not working: GCS names up to 60 for HMAC keys, AWS IAM takes some 10."""

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
_IN_A_ROW = 2
_UNAUTHORIZED = {401, 403}
_NOT_YET = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "InvalidClientTokenId", "NotSignedUp", "403"}

_NEVER = {"RequestTimeTooSkewed", "ForeignAnswer"}
"""Refusals of any key: the clock is wrong, or what answers is no store."""


def await_key(
    connection: Connection,
    bucket: str,
    prefix: str,
    credentials: Credentials,
    *,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """List one object under `prefix` with the key until that has worked twice in a row; return how often it was tried.

    Waits at most `patience` seconds in all between the tries. Raises StoreRefused with the last answer when the key
    does not work by then; at once when the bucket does not exist or no answer comes.
    """
    objects = open_bucket(connection, bucket, credentials=credentials, connections=1)
    tries, in_a_row, waited, pause = 0, 0, 0.0, _FIRST_PAUSE
    while True:
        tries += 1
        try:
            objects.probe(prefix)
        except NotInStore as missing:
            raise ModelstoreError(
                "The access key cannot be tried: the bucket does not exist",
                on=objects.url(prefix),
                answer=missing.answer,
                remedy="Let the key depend on its namespace's bucket",
            ) from None
        except StoreRefused as refusal:
            not_yet = refusal.code in _NOT_YET or refusal.status in _UNAUTHORIZED
            if refusal.code in _NEVER or not not_yet:
                raise
            in_a_row = 0
            if waited >= patience:
                raise StoreRefused(
                    f"The access key {credentials.access_key_id} still does not work after {waited:.0f} s",
                    on=objects.url(prefix),
                    answer=refusal.answer,
                    remedy="Check the key's policy and whether it is active, then run again",
                    code=refusal.code,
                    status=refusal.status,
                ) from None
        else:
            in_a_row += 1
            if in_a_row == _IN_A_ROW:
                return tries
        sleep(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_PAUSE)
