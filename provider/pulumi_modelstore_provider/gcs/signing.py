"""URLs that read one object without keys."""

from __future__ import annotations

import datetime
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.gcs.failures import asking
from pulumi_modelstore_provider.gcs.objects import Objects

_LONGEST = 7 * 24 * 60 * 60
"""Seconds that a V4 signature is good for at most (Cloud Storage documentation, "Signed URLs")."""


def presigned_url(objects: Objects, key: str, *, seconds: int) -> str:
    """Return a URL that reads the object for `seconds`, at most 7 days.

    Raises ModelstoreError where the credentials have no key of their own to sign with.
    """
    from google.auth.credentials import Signing

    known: Any = objects.client._credentials
    if not isinstance(known, Signing):
        raise ModelstoreError(
            "A URL cannot be signed: the credentials at hand hold no private key",
            on=objects.url(key),
            remedy="Refer to a service account's JSON key with credentials='env:PREFIX' or 'config:KEY'",
        )
    if not 1 <= seconds <= _LONGEST:
        raise ModelstoreError(
            f"A URL cannot be signed for {seconds} s", on=objects.url(key), remedy=f"Ask for 1 to {_LONGEST} seconds"
        )
    with asking("Cannot sign a URL", on=objects.url(key)):
        return str(
            objects.handle.blob(key).generate_signed_url(
                version="v4",
                method="GET",
                expiration=datetime.timedelta(seconds=seconds),
                credentials=known,
                api_access_endpoint=objects.client.api_endpoint,
            )
        )
