"""Keys on Weka: S3 service accounts, children of one S3 user, each with a policy of its own.

Weka's REST interface has no name or comment for a service account, and no call that changes its policy: an id of the
policy's first statement says whose the account is, and another scope means other accounts. Weka allows 100 of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.deletion import await_gone
from pulumi_modelstore_provider.keys.named_user import NamedUserReference, named_user
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, NewKey, Scope, Slot
from pulumi_modelstore_provider.keys.s3_statements import marked_statements, place_of
from pulumi_modelstore_provider.keys.weka_accounts import WekaAccounts
from pulumi_modelstore_provider.stores.endpoint import Endpoint

POLICY_BYTES = 2048
"""The longest policy (Weka's documentation of S3 users)."""

_OWNED = re.compile(r"Modelstore([0-9a-f]{16})([EOS]\d+)")


class Settings(IssuerSettings):
    """How Weka's REST interface is reached.

    `api` is its address, such as `https://weka01:14000`. `credentials` refers to the S3 user: its name as access key
    id, its password as secret key. `organization` is the user's, unset for the root one.
    """

    scope_makes_principal: ClassVar[bool] = True

    kind: Literal["weka-s3"] = "weka-s3"
    api: Endpoint
    credentials: NamedUserReference
    organization: str | None = Field(default=None, min_length=1)
    verify_tls: bool = True
    ca_bundle: str | None = None

    @property
    def address(self) -> str:
        """The cluster and the organization in it."""
        return "/".join([self.api.lower(), self.organization or ""])

    def open(self, config: ConfigLookup | None) -> WekaKeys:
        """Return the issuer. Raises CredentialsUnavailable."""
        user = named_user(self.credentials, config)
        api = HttpApi(
            f"{self.api}/api/v2", name="Weka's REST interface", verify_tls=self.verify_tls, ca_bundle=self.ca_bundle
        )
        return WekaKeys(WekaAccounts(api, user, organization=self.organization))


class WekaKeys:
    """Service accounts of one S3 user.

    A principal is `<name>.<bucket>:<digest of the scope>` and exists by its accounts alone. Another scope is another
    principal to whoever holds keys, so that they are replaced: their policies cannot be changed.
    """

    def __init__(self, accounts: WekaAccounts) -> None:
        self._accounts = accounts

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Make sure that the S3 user may have service accounts; return the principal."""
        size = len(_text(_policy(scope, "Modelstore" + 16 * "0" + "E999999")))
        if size > POLICY_BYTES:
            raise ModelstoreError(
                f"The policy of {name} has {size} bytes, Weka takes {POLICY_BYTES}",
                on=self._accounts.address,
                remedy="Shorten the prefix",
            )
        self._accounts.listed()
        return f"{name}.{scope.bucket}:{_digest(f'{scope.prefix}:{scope.read_only}')[:8]}"

    def principal_exists(self, principal: str) -> bool:  # noqa: ARG002 - there is nothing of it in the store
        """Tell whether the S3 user still works, on which all accounts depend."""
        self._accounts.listed()
        return True

    def delete_principal(self, principal: str, scope: Scope) -> None:  # noqa: ARG002 - the protocol's
        """Delete service accounts that interrupted runs left."""
        for key in self.keys(principal):
            self.delete_key(principal, key)

    def keys(self, principal: str) -> Sequence[str]:
        """Return the access keys of all service accounts of the principal."""
        return [key for key, _ in self._owned(principal)]

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return the service accounts that stand in the place."""
        wanted = place_of(slot, generation)
        return [key for key, place in self._owned(principal) if place == wanted]

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:
        """Make a service account, after deleting one that an interrupted run left in its place."""
        for key in self.left_over(principal, slot=slot, generation=generation):
            self.delete_key(principal, key)
        failed = f"Cannot create a service account of {principal}"
        policy = _policy(scope, f"Modelstore{_owner(principal)}{place_of(slot, generation)}")
        return self._accounts.create(policy, failed=failed)

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete the service account and return once it is not listed any more."""
        failed = f"Cannot delete the service account {key_id} of {principal}"
        if not self._accounts.delete(key_id, failed=failed):
            return
        await_gone(
            lambda: key_id in self._accounts.listed(),
            still=f"The service account {key_id} of {principal} is still there",
            on=self._accounts.address,
            remedy="Check the state of the S3 cluster in Weka, then run again",
        )

    def _owned(self, principal: str) -> Iterator[tuple[str, str]]:
        """Each service account of the principal, with its place."""
        for key in self._accounts.listed():
            try:
                policy = self._accounts.policy(key)
            except NotInStore:
                # Deleted since.
                continue
            owned = _OWNED.fullmatch(_first_sid(policy))
            if owned is not None and owned[1] == _owner(principal):
                yield key, owned[2]


def _policy(scope: Scope, sid: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": marked_statements(scope, sid=sid)}


def _text(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, separators=(",", ":"))


def _owner(principal: str) -> str:
    """What stands for the principal in a statement's id, whatever its scope."""
    return _digest(principal.rpartition(":")[0])[:16]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _first_sid(policy: Any) -> str:
    """The id of the first statement of a policy, which Weka shows as an object or as text."""
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
        return str(document["Statement"][0]["Sid"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
