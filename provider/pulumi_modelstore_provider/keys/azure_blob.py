"""Keys on Azure Blob Storage: SAS tokens of one container, each bound to a stored access policy that can be taken away.

A token's rights and end stand in its policy, the token only names it. Such a token is signed with the account's key:
what a login can sign (a user delegation SAS) knows no policies, and so could not be revoked one by one. It opens the
whole container: a token for a folder exists only with a hierarchical namespace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pydantic import Field

from pulumi_modelstore_provider.azure.bucket import AzureContainer, open_bucket
from pulumi_modelstore_provider.azure.client import account_key
from pulumi_modelstore_provider.azure.connection import AzureConnection
from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    ModelstoreError,
    NotInStore,
    StoreRefused,
    keep_out_of_texts,
)
from pulumi_modelstore_provider.keys.azure_key_names import LONGEST_ID, keys_of, new_key_id, place, principal_name
from pulumi_modelstore_provider.keys.azure_policies import MOST_POLICIES, Policies, StoredPolicies
from pulumi_modelstore_provider.keys.azure_terms import fit, fits, new_policy
from pulumi_modelstore_provider.keys.deletion import await_gone
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, NewKey, Scope, Slot

DEFAULT_KEY_DAYS = 3650

_GONE_SECONDS = 90.0
"""Seconds; a policy that was taken away is out of effect within 30."""

_REFUSED = (401, 403)
_IN_A_ROW = 2


class Settings(IssuerSettings):
    """How the container's policies are reached.

    `connection` refers to the account's key. `key_days` is how long a token is good at most, in days from its issue.
    """

    kind: Literal["azure-blob"] = "azure-blob"
    connection: AzureConnection
    container: str = Field(min_length=1)
    key_days: int = Field(default=DEFAULT_KEY_DAYS, ge=1, le=36_500)

    @property
    def address(self) -> str:
        """The container: policies are its own."""
        return f"{self.connection.address}/{self.container}"

    def open(self, config: ConfigLookup | None) -> AzureKeys:
        """Return the issuer. Raises CredentialsUnavailable without the account's key."""
        key = account_key(self.connection, config)
        if key is None:
            raise CredentialsUnavailable(
                f"The credentials '{self.connection.credentials}' lead to no account key, and only that signs SAS "
                "tokens which can be revoked",
                on=self.address,
                remedy="Refer to the storage account's name and key by 'env:PREFIX' or 'config:KEY'",
            )
        return AzureKeys(self, Credentials(self.connection.account, key))


class AzureKeys:
    """Policies and tokens of one container.

    A principal is a name, that the ids of its keys' policies begin with.
    """

    def __init__(
        self, settings: Settings, account: Credentials, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._account = account
        self._sleep = sleep
        self._container = open_bucket(settings.connection, settings.container, credentials=account)
        self._policies = StoredPolicies(self._container, sleep=sleep)

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Bring the policies that the principal has to the scope; return its name in policies."""
        if scope.prefix:
            raise ModelstoreError(
                f"A SAS token cannot be narrowed to the prefix {scope.prefix!r}",
                on=self._container.url(""),
                remedy="Give the consumer a container of its own",
            )
        principal = principal_name(name)

        def narrow(policies: Policies) -> bool:
            changed = False
            for policy in (policies[key] for key in keys_of(principal, policies)):
                if policy is not None and not fits(policy, scope, days=self._settings.key_days):
                    fit(policy, scope, days=self._settings.key_days)
                    changed = True
            return changed

        self._policies.change(narrow)
        return principal

    def principal_exists(self, principal: str) -> bool:  # noqa: ARG002 - a name, that exists with the container
        """Tell whether the container is there."""
        return self._container.bucket_exists()

    def delete_principal(self, principal: str, scope: Scope) -> None:  # noqa: ARG002 - the protocol's
        """Take all its policies away."""
        self._revoke(self.keys(principal))

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of its policies."""
        try:
            return sorted(keys_of(principal, self._policies.read()))
        except NotInStore:
            return []

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return the policies of that slot and generation that are there already."""
        beginning = place(principal, slot, generation)
        return [key for key in self.keys(principal) if key.startswith(beginning)]

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:
        """Add a policy and sign its token; a policy that an interrupted run left for the place goes.

        Raises ModelstoreError when the container has no room for another policy.
        """
        key_id = new_key_id(principal, slot, generation)
        if len(key_id) > LONGEST_ID:
            raise ModelstoreError(
                f"The id {key_id} of an access policy has more than {LONGEST_ID} characters",
                on=self._container.url(""),
                remedy="Give the consumer a shorter name",
            )

        def add(policies: Policies) -> bool:
            beginning = place(principal, slot, generation)
            for left in [key for key in policies if key.startswith(beginning)]:
                del policies[left]
            if len(policies) >= MOST_POLICIES:
                raise self._no_room(policies)
            policies[key_id] = new_policy(scope, days=self._settings.key_days)
            return True

        self._policies.change(add)
        return NewKey(key_id, self._token(key_id))

    def delete_key(self, principal: str, key_id: str) -> None:  # noqa: ARG002 - ids are the container's
        """Take the policy away and return once its token is refused."""
        self._revoke([key_id])

    def _revoke(self, key_ids: Sequence[str]) -> None:
        def remove(policies: Policies) -> bool:
            found = [key for key in key_ids if key in policies]
            for key in found:
                del policies[key]
            return bool(found)

        try:
            self._policies.change(remove)
            for key_id in key_ids:
                self._await_refusal(key_id)
        except NotInStore:
            # The container is gone, and its policies with it.
            return

    def _await_refusal(self, key_id: str) -> None:
        key = Credentials(key_id, self._token(key_id))
        trial = open_bucket(self._settings.connection, self._settings.container, credentials=key, connections=1)
        in_a_row = 0

        def works() -> bool:
            nonlocal in_a_row
            in_a_row = in_a_row + 1 if _is_refused(trial) else 0
            return in_a_row < _IN_A_ROW

        await_gone(
            works,
            still=f"The SAS token of {key_id} still works",
            since="its policy was taken away",
            on=self._container.url(""),
            remedy="Run again; if it goes on, change the storage account's key",
            patience=_GONE_SECONDS,
            longest_pause=5.0,
            sleep=self._sleep,
        )

    def _token(self, key_id: str) -> str:
        from azure.storage.blob import generate_container_sas

        token: str = generate_container_sas(
            self._settings.connection.account,
            self._settings.container,
            account_key=self._account.secret_access_key,
            policy_id=key_id,
            protocol="https" if self._settings.connection.url.startswith("https:") else None,
        )
        keep_out_of_texts(token)
        keep_out_of_texts(token.partition("sig=")[2].partition("&")[0])
        return token

    def _no_room(self, policies: Iterable[str]) -> ModelstoreError:
        return ModelstoreError(
            f"The container has {MOST_POLICIES} access policies already, the most that there may be: "
            f"{', '.join(sorted(policies))}",
            on=self._container.url(""),
            remedy="Take one away that nobody uses, or give the consumer a container of its own",
        )


def _is_refused(trial: AzureContainer) -> bool:
    try:
        trial.probe("")
    except NotInStore:
        raise
    except StoreRefused as refusal:
        if refusal.status not in _REFUSED:
            raise
        return True
    return False
