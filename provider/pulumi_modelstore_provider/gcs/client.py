"""Makes the SDK's client for a connection: time-outs, retries, TLS and credentials set on purpose."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials, resolve
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.time_limits import time_limits
from pulumi_modelstore_provider.tls import verification

if TYPE_CHECKING:
    from pulumi_modelstore_provider.gcs.connection import GcsConnection

_EMULATOR = "STORAGE_EMULATOR_HOST"
"""The SDK's own variable: where it is set, `endpoint` None means that emulator."""


def client(
    connection: GcsConnection,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
    scopes: Sequence[str] | None = None,
) -> Any:
    """Return a client of google-cloud-storage, safe to share between threads; opens no connection yet.

    `credentials` take the place of what the connection refers to; `config` gives the stack's configuration, for
    `config:` references; `connections` is how many requests may be under way at once, `scopes` what access
    tokens are asked for (unset, Cloud Storage). Raises CredentialsUnavailable when the reference leads nowhere, and
    ModelstoreError when the package or the CA bundle is not there.
    """
    storage = _sdk()
    from pulumi_modelstore_provider.gcs import identity
    from pulumi_modelstore_provider.gcs.transport import session

    wanted = scopes or storage.Client.SCOPE
    resolved = credentials or resolve(connection.credentials, config=config)
    endpoint = connection.endpoint or os.environ.get(_EMULATOR)
    if isinstance(resolved, Credentials):
        known = identity.from_json_key(resolved, of=connection.credentials, scopes=wanted)
    elif endpoint is not None and endpoint.startswith("http://"):
        known = identity.anonymous()
    else:
        known = identity.application_default(wanted)
    trusted = verification(verify_tls=connection.verify_tls, ca_bundle=connection.ca_bundle)
    transport = session(known, limits=time_limits(), connections=connections, verification=trusted)
    return storage.Client(
        project=connection.project or getattr(known, "project_id", None),
        credentials=known,
        _http=transport,
        client_options={"api_endpoint": endpoint} if endpoint else None,
    )


def _sdk() -> Any:
    try:
        from google.cloud import storage
    except ImportError as missing:
        raise ModelstoreError(
            "Google Cloud Storage cannot be reached: the package google-cloud-storage is not installed",
            answer=str(missing),
            remedy="Install the extra: pip install 'pulumi-modelstore[gcp]'",
        ) from None
    return storage
