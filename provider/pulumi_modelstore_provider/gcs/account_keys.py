"""The keys that a service account has, and the refusal of a third: Google allows ten."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.gcs.client import client
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.gcs.failures import asking
from pulumi_modelstore_provider.resources.key_limit import MOST_KEYS

KeyForm: TypeAlias = Literal["json", "hmac"]
"""A key file of the account, or a pair for the XML API, which S3's clients speak."""

_IAM = "https://iam.googleapis.com"
_GOOGLE = ".googleapis.com"


def refuse_third_key(
    connection: GcsConnection, account: str, form: KeyForm, *, config: ConfigLookup | None = None
) -> None:
    """Raise ModelstoreError, which names the keys, if the account has as many as it may have.

    `account` is its e-mail address.
    """
    found = live_keys(connection, account, form, config=config)
    if len(found) >= MOST_KEYS:
        raise ModelstoreError(
            f"A third key of {account} is refused: it has {' and '.join(found)}",
            remedy="Delete one of them first: a key that no stack knows of is left from elsewhere or from a run that "
            "was interrupted",
        )


def live_keys(
    connection: GcsConnection, account: str, form: KeyForm, *, config: ConfigLookup | None = None
) -> list[str]:
    """Return the ids of an account's keys of one form, whether active or not; none where the account is gone."""
    asked = client(connection, config=config, connections=1)
    with asking("Cannot list the keys of the service account", on=account):
        if form == "hmac":
            keys = asked.list_hmac_keys(service_account_email=account, project_id=_project(account), retry=None)
            return sorted(key.access_id for key in keys)
        url = f"{_iam_of(connection)}/v1/projects/-/serviceAccounts/{quote(account)}/keys?keyTypes=USER_MANAGED"
        answer = asked._http.get(url)
    if answer.status_code == 404:
        return []
    return sorted(str(key["name"]).rsplit("/", 1)[-1] for key in _content(answer, account).get("keys", []))


def _content(answer: Any, account: str) -> dict[str, Any]:
    failed = "Cannot list the keys of the service account"
    try:
        content = answer.json()
    except ValueError:
        raise StoreUnreachable(failed, on=account, answer="not one of Google's IAM") from None
    if answer.ok and isinstance(content, dict):
        return content
    error = content.get("error", {}) if isinstance(content, dict) else {}
    raise StoreRefused(
        failed,
        on=account,
        answer=f"{error.get('message', '')} (HTTP {answer.status_code})",
        remedy="Give the deployer the role of a service account key admin",
        code=str(error.get("status", "")),
        status=int(answer.status_code),
    )


def _project(account: str) -> str:
    """The project that an account's address names; one of a domain is `domain:project`."""
    project, _, domain = account.partition("@")[2].removesuffix(".iam.gserviceaccount.com").partition(".")
    return f"{domain}:{project}" if domain else project


def _iam_of(connection: GcsConnection) -> str:
    """IAM's address: an emulator answers for it as well."""
    if connection.endpoint is None or (urlsplit(connection.endpoint).hostname or "").endswith(_GOOGLE):
        return _IAM
    return connection.endpoint
