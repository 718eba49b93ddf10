"""Makes the SDK's client of one container: time-outs, retries, TLS and credentials set on purpose."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials, resolve
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError
from pulumi_modelstore_provider.time_limits import time_limits
from pulumi_modelstore_provider.tls import verification

if TYPE_CHECKING:
    from azure.core.credentials import AzureSasCredential, TokenCredential
    from azure.storage.blob import BlobServiceClient

    from pulumi_modelstore_provider.azure.connection import AzureConnection

_EXTRA = "Install it with the extra: pip install 'pulumi-modelstore[azure]'"


def service_client(
    connection: AzureConnection, credential: dict[str, str] | AzureSasCredential | TokenCredential, *, connections: int
) -> BlobServiceClient:
    """Return the SDK's client of the account, safe to share between threads; opens no connection yet.

    `connections` is how many requests may be under way at once. Raises ModelstoreError when the SDK or the CA bundle
    is not there, or a login is to go without TLS.
    """
    try:
        import requests
        import urllib3
        from azure.core.pipeline.transport import RequestsTransport
        from azure.storage.blob import BlobServiceClient
    except ImportError:
        raise ModelstoreError("The package azure-storage-blob is not installed", remedy=_EXTRA) from None
    from requests.adapters import HTTPAdapter

    from pulumi_modelstore_provider.azure.retries import Backoff

    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=connections))
    trusted, limits = verification(verify_tls=connection.verify_tls, ca_bundle=connection.ca_bundle), time_limits()
    if trusted is False:
        # Said once, in the stack's own settings, and not again with each request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    transport = RequestsTransport(
        session=session,
        session_owner=False,
        connection_timeout=limits.connect,
        read_timeout=limits.read,
        connection_verify=True if trusted is None else trusted,
    )
    if not isinstance(credential, dict) and hasattr(credential, "get_token") and connection.url.startswith("http:"):
        raise ModelstoreError(
            "A login does not go over a connection without TLS",
            on=connection.url,
            remedy="Use an https endpoint, or an account key by 'env:' or 'config:'",
        )
    retries = Backoff(limits.attempts)
    return BlobServiceClient(connection.url, credential=credential, transport=transport, retry_policy=retries)


def account_key(connection: AzureConnection, config: ConfigLookup | None) -> str | None:
    """Return the account's key where the connection refers to one; None for a SAS token or a login.

    Raises CredentialsUnavailable when the reference leads nowhere, or to another account.
    """
    resolved = resolve(connection.credentials, config=config)
    if not isinstance(resolved, Credentials) or is_sas(resolved):
        return None
    if resolved.access_key_id != connection.account:
        raise CredentialsUnavailable(
            f"The credentials '{connection.credentials}' are of the account {resolved.access_key_id!r}, and the "
            f"connection is to {connection.account!r}",
            remedy="Let the access key id be the storage account's name and the secret access key the account's key",
        )
    return resolved.secret_access_key


def sdk_credential(
    connection: AzureConnection, credentials: Credentials | None, config: ConfigLookup | None
) -> dict[str, str] | AzureSasCredential | TokenCredential:
    """Return the credential in the SDK's form: a SAS token where `credentials` hold one, else what is referred to."""
    resolved = credentials or resolve(connection.credentials, config=config)
    if isinstance(resolved, Credentials):
        if is_sas(resolved):
            return _sas(resolved.secret_access_key.lstrip("?"))
        key = account_key(connection, config) if credentials is None else resolved.secret_access_key
        return {"account_name": connection.account, "account_key": str(key)}
    found: TokenCredential = login()
    return found


def is_sas(credentials: Credentials) -> bool:
    """Tell whether the secret part is a SAS token: an account key is base64, which has no `=` but at its end."""
    return "sig=" in credentials.secret_access_key


def _sas(token: str) -> AzureSasCredential:
    try:
        from azure.core.credentials import AzureSasCredential
    except ImportError:
        raise ModelstoreError("The package azure-storage-blob is not installed", remedy=_EXTRA) from None
    return AzureSasCredential(token)


@functools.cache
def login() -> Any:
    """Return azure-identity's own chain: environment, workload identity, managed identity, the Azure CLI and so on."""
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise ModelstoreError("The package azure-identity is not installed", remedy=_EXTRA) from None
    return DefaultAzureCredential()
