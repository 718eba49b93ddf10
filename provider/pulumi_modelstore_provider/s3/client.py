"""Makes the SDK's client for a connection: time-outs, retries, addressing, TLS and checksums set on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.credentials import (
    ConfigLookup,
    Credentials,
    parse_reference,
    resolve,
)
from pulumi_modelstore_provider.s3.foreign_answers import watch
from pulumi_modelstore_provider.s3.sessions import session_of
from pulumi_modelstore_provider.time_limits import time_limits

if TYPE_CHECKING:
    from pulumi_modelstore_provider.s3.connection import S3Connection


def client(
    connection: S3Connection,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
) -> Any:
    """Return an S3 client of boto3 as `opened_client` does."""
    return opened_client(connection, credentials=credentials, config=config, connections=connections)[0]


def opened_client(
    connection: S3Connection,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
) -> tuple[Any, Any]:
    """Return an S3 client of boto3, safe to share between threads, and the session with its keys.

    No connection is opened yet.

    `credentials` take the place of what the connection refers to; `config` gives the stack's configuration, for
    `config:` references; `connections` is how many requests may be under way at once. Raises
    CredentialsUnavailable when the reference leads nowhere, and ModelstoreError when the CA bundle is not there.
    """
    from botocore.config import Config

    resolved = credentials or resolve(connection.credentials, config=config)
    session = session_of(resolved, remedy=_remedy(connection.credentials))
    # Left to the SDK for AWS itself, so that AWS_ENDPOINT_URL, which redirects it, also gets path addressing.
    addressing = (
        "auto" if connection.endpoint is None and connection.addressing is None else connection.addressing_style
    )
    limits = time_limits()
    settings = Config(
        region_name=connection.region,
        connect_timeout=limits.connect,
        read_timeout=limits.read,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
        max_pool_connections=connections,
        request_checksum_calculation=connection.checksum_policy,
        response_checksum_validation=connection.checksum_policy,
        signature_version="s3" if connection.signature == "v2" else "s3v4",
        s3={"addressing_style": addressing},
        tcp_keepalive=True,
    )
    made = session.client(
        "s3",
        region_name=connection.region,
        endpoint_url=connection.endpoint,
        verify=connection.verify,
        config=settings,
    )
    watch(made, follows_regions=connection.is_aws)
    return made, session


def _remedy(ref: str) -> str:
    if parse_reference(ref).kind == "profile":
        return "Add the profile to ~/.aws/config or ~/.aws/credentials, or name another one"
    return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, log in with the AWS CLI, or give credentials by reference"
