"""Service accounts by IAM's own interface, with the session of the storage client."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import NotInStore, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.gcs.client import client
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.gcs.failures import asking
from pulumi_modelstore_provider.time_limits import TimeLimits, limited, time_limits

_IAM = "https://iam.googleapis.com"
_GOOGLE = ".googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_REMEDY = (
    "Give the deployer the roles Service Account Admin and Service Account Key Admin (for HMAC keys, Storage HMAC Key "
    "Admin), and look whether the organization forbids keys"
)


class Accounts:
    """The service accounts that a connection's credentials administrate."""

    def __init__(self, connection: GcsConnection, *, config: ConfigLookup | None) -> None:
        self._connection, self._config = connection, config
        google = connection.endpoint is None or (urlsplit(connection.endpoint).hostname or "").endswith(_GOOGLE)
        # An emulator of the store answers for its accounts as well.
        self._base = _IAM if google else str(connection.endpoint)

    @cached_property
    def client(self) -> Any:
        """The storage SDK's client."""
        return client(self._connection, config=self._config, connections=1, scopes=[_SCOPE])

    @cached_property
    def sending_once(self) -> Any:
        """The same without a second try: what makes a key would make another."""
        limits = time_limits()
        with limited(TimeLimits(limits.connect, limits.read, attempts=1)):
            return client(self._connection, config=self._config, connections=1, scopes=[_SCOPE])

    def asking(self, failed: str, account: str) -> AbstractContextManager[None]:
        """Raise a ModelstoreError for whatever the SDK raises inside."""
        return asking(failed, on=account)

    def description(self, account: str) -> str | None:
        """Return an account's description; None where the account is gone."""
        found = self.ask("GET", account, absent=None, missing_is_none=True)
        return None if found is None else str(found.get("description", ""))

    def describe(self, account: str, text: str) -> None:
        """Set an account's description."""
        self.ask("PATCH", account, {"serviceAccount": {"description": text}, "updateMask": "description"})

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        absent: Any = None,
        missing_is_none: bool = False,
        once: bool = False,
    ) -> Any:
        """Send one request on `path` below the accounts; `absent` stands for 404 where it is no error.

        Raises StoreRefused, NotInStore, StoreUnreachable.
        """
        failed = "The service account's keys cannot be managed"
        session = (self.sending_once if once else self.client)._http
        with asking(failed, on=path):
            answer = session.request(method, f"{self._base}/v1/projects/-/serviceAccounts/{path}", json=body)
        missing = answer.status_code == 404
        if missing and (missing_is_none or absent is not None):
            return absent
        try:
            content = answer.json()
        except ValueError:
            remedy = "Check the endpoint: something else answers there"
            raise StoreUnreachable(failed, on=path, answer="not one of Google's IAM", remedy=remedy) from None
        if answer.ok and isinstance(content, dict):
            return content
        error = content.get("error", {}) if isinstance(content, dict) else {}
        kind: type[StoreRefused] = NotInStore if missing else StoreRefused
        raise kind(
            failed,
            on=path,
            answer=f"{error.get('message', '')} (HTTP {answer.status_code})",
            remedy=_REMEDY,
            code=str(error.get("status", "")),
            status=int(answer.status_code),
        )

    def project_of(self, account: str) -> str:
        """Return the project that an account's address names; one of a domain is `domain:project`."""
        project, _, domain = account.partition("@")[2].removesuffix(".iam.gserviceaccount.com").partition(".")
        return f"{domain}:{project}" if domain else project
