"""Administrators with an access key, as MinIO and Ceph have them."""

from __future__ import annotations

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.s3.sessions import key_pair

_REMEDY = "Refer to the administrator's key with admin_credentials, such as env:PREFIX"


def administrator(reference: str, config: ConfigLookup | None) -> Credentials:
    """Return the key pair that `reference` leads to. Raises CredentialsUnavailable."""
    return key_pair(reference, config, remedy=_REMEDY)
