"""This machine's clock against the store's: signed requests of another time are refused."""

from __future__ import annotations

import os

from pulumi_modelstore_provider.azure.connection import AzureConnection
from pulumi_modelstore_provider.clock import LARGEST_SKEW, clocks_apart, skew
from pulumi_modelstore_provider.doctor.findings import NothingToTry
from pulumi_modelstore_provider.doctor.unsigned import send
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.stores.connection import Connection


def compared(connection: Connection) -> str:
    """Compare with the Date of whatever the endpoint answers to a request without credentials."""
    date = send("HEAD", url_of(connection), connection).headers.get("Date")
    apart = skew(date)
    if apart is None:
        raise NothingToTry("the store's answers have no date")
    if abs(apart) > LARGEST_SKEW:
        minutes = LARGEST_SKEW.total_seconds() / 60
        raise ModelstoreError(
            "The clocks differ",
            answer=clocks_apart(date),
            remedy=f"Set the clock of this machine, or of the store: above {minutes:.0f} minutes requests are refused",
        )
    return f"{abs(apart).total_seconds():.0f} s apart"


def url_of(connection: Connection) -> str:
    """Return where the store answers HTTP."""
    if isinstance(connection, AzureConnection):
        return connection.url
    if isinstance(connection, GcsConnection):
        return connection.address
    redirected = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if connection.region.startswith("cn-") else "amazonaws.com"
    return connection.endpoint or redirected or f"https://s3.{connection.region}.{suffix}"
