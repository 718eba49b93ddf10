"""Who asks: Google's own credentials objects, from a JSON key or from where the machine has them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import CredentialsUnavailable, keep_out_of_texts


def from_json_key(credentials: Credentials, *, of: str, scopes: Sequence[str]) -> Any:
    """Return the account of a JSON key: the secret is the key file's text, the id its `client_email` or key id.

    `of` is the reference, for messages. Raises CredentialsUnavailable when it is no such key.
    """
    from google.oauth2 import service_account

    remedy = "Store the whole text of the service account's JSON key file as the secret, its client_email as the id"
    try:
        content = json.loads(credentials.secret_access_key)
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("type") != "service_account":
        raise CredentialsUnavailable(
            f"The credentials '{of}' hold no JSON key of a service account", remedy=remedy
        ) from None
    keep_out_of_texts(str(content.get("private_key", "")))
    names = (content.get("client_email"), content.get("private_key_id"))
    if credentials.access_key_id not in names:
        raise CredentialsUnavailable(
            f"The credentials '{of}' are not of one account: the id is {credentials.access_key_id}, the JSON key is of "
            f"{content.get('client_email')}",
            remedy=remedy,
        )
    try:
        return service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            content, scopes=list(scopes)
        )
    except ValueError:
        # from None: the SDK's message may quote the key.
        raise CredentialsUnavailable(f"The JSON key of '{of}' is damaged or not whole", remedy=remedy) from None


def anonymous() -> Any:
    """Return nobody, for emulators."""
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()  # type: ignore[no-untyped-call]


def application_default(scopes: Sequence[str]) -> Any:
    """Return the machine's application default credentials. Raises CredentialsUnavailable where there are none."""
    import google.auth
    from google.auth import exceptions

    try:
        found, _ = google.auth.default(scopes=list(scopes))
    except exceptions.GoogleAuthError as error:
        raise CredentialsUnavailable(
            "The credentials 'default' lead to no account of Google Cloud",
            answer=str(error),
            remedy="Log in with: gcloud auth application-default login; or set GOOGLE_APPLICATION_CREDENTIALS, or give "
            "credentials='env:PREFIX' with a service account's JSON key",
        ) from None
    return found
