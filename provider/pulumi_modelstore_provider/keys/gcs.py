"""Keys of Google Cloud's service accounts: key files, or HMAC pairs for the interface that S3's clients speak.

The accounts themselves and their roles are pulumi_gcp's. Its keys would not do: Google allows ten of them, and names no
key, so that one which an interrupted run made could not be told from somebody's own.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.keys.gcs_accounts import Accounts
from pulumi_modelstore_provider.keys.gcs_journal import Journal
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, KeyIssuer, NewKey, Scope, Slot

_creating = threading.Lock()
"""An account's journal is read and written whole: one key of this process after the other."""


class Settings(IssuerSettings):
    """How Google Cloud is reached, and which form keys have."""

    kind: Literal["gcs"] = "gcs"
    connection: GcsConnection
    form: Literal["json", "hmac"] = Field(default="json")

    @property
    def address(self) -> str:
        """The store, and the form: a key of one is none of the other."""
        return f"{self.connection.address} {self.form}"

    def open(self, config: ConfigLookup | None) -> KeyIssuer:
        """Return the issuer."""
        accounts = Accounts(self.connection, config=config)
        return _HmacKeys(accounts) if self.form == "hmac" else _KeyFiles(accounts)


class _Issuer:
    """What both forms have in common. A principal is the e-mail address of a service account."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    def ensure_principal(self, name: str, scope: Scope) -> str:  # noqa: ARG002 - pulumi_gcp's
        """Return the account, which is a resource of pulumi_gcp."""
        if not self.principal_exists(name):
            raise ModelstoreError("The service account does not exist", on=name, remedy="Declare it first")
        return name

    def principal_exists(self, principal: str) -> bool:
        """Tell whether the account is there."""
        return self.accounts.description(principal) is not None

    def delete_principal(self, principal: str, scope: Scope) -> None:
        """Leave it to pulumi_gcp."""

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of all keys of this form, whether active or not."""
        raise NotImplementedError

    def _create(self, principal: str) -> NewKey:
        raise NotImplementedError

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete a key; one that is gone is no error."""
        raise NotImplementedError

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return the key that the account's journal has for this place."""
        journal = Journal.read(self.accounts.description(principal))
        return journal.left_over(slot, generation, self.keys(principal))

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:  # noqa: ARG002 - the account's role has it
        """Issue a key, and delete one that an interrupted run left for the same place."""
        with _creating:
            journal = Journal.read(self.accounts.description(principal))
            live = self.keys(principal)
            stale = journal.left_over(slot, generation, live)
            for key_id in stale:
                self.delete_key(principal, key_id)
            others = [key_id for key_id in live if key_id not in stale]
            self.accounts.describe(principal, journal.making(slot, generation, others).text())
            key = self._create(principal)
            self.accounts.describe(principal, journal.made(slot, generation, key.access_key_id).text())
            return key


class _KeyFiles(_Issuer):
    """A key's id is `private_key_id` in its file."""

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of the account's key files; those that Google keeps for itself are not among them."""
        answer = self.accounts.ask("GET", f"{principal}/keys?keyTypes=USER_MANAGED", absent={})
        return sorted(_last(key["name"]) for key in answer.get("keys", []))

    def _create(self, principal: str) -> NewKey:
        made = self.accounts.ask("POST", f"{principal}/keys", {}, once=True)
        return NewKey(_last(made["name"]), base64.b64decode(made["privateKeyData"]).decode())

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete a key file: it gets no token any more; one that it got is good for up to an hour."""
        self.accounts.ask("DELETE", f"{principal}/keys/{key_id}", absent={})


class _HmacKeys(_Issuer):
    """A key's id is its access id."""

    def keys(self, principal: str) -> Sequence[str]:
        """Return the account's access ids."""
        with self.accounts.asking("Cannot list the HMAC keys", principal):
            found = self.accounts.client.list_hmac_keys(
                service_account_email=principal, project_id=self.accounts.project_of(principal), retry=None
            )
            return sorted(key.access_id for key in found)

    def _create(self, principal: str) -> NewKey:
        with self.accounts.asking("Cannot make an HMAC key", principal):
            made, secret = self.accounts.sending_once.create_hmac_key(
                service_account_email=principal, project_id=self.accounts.project_of(principal), retry=None
            )
        return NewKey(made.access_id, secret)

    def delete_key(self, principal: str, key_id: str) -> None:
        """Switch the key off, which Google wants first, and delete it; it takes minutes until all of Google knows."""
        from google.api_core.exceptions import NotFound

        with self.accounts.asking("Cannot delete the HMAC key", key_id):
            try:
                found: Any = self.accounts.client.get_hmac_key_metadata(
                    key_id, project_id=self.accounts.project_of(principal)
                )
                found.state = "INACTIVE"
                found.update(retry=None)
                found.delete(retry=None)
            except NotFound:
                return


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
