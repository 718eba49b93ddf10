"""Keys on VAST Data: a user of the local provider for each principal, with an identity policy of its own.

VAST allows a user two key pairs. The secret part is shown once, and a key has no name: `vast_ledger` tells slots apart.
Since keys may do what their user may, a changed scope is theirs at once.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.named_user import NamedUserReference, named_user
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, NewKey, Scope, Slot
from pulumi_modelstore_provider.keys.s3_statements import marked_statements, place_of
from pulumi_modelstore_provider.keys.vast_ledger import Ledger
from pulumi_modelstore_provider.keys.vast_vms import Vms, authorization
from pulumi_modelstore_provider.stores.endpoint import Endpoint

_locks: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
"""One a principal: its ledger is read and written by the slots of one run at once."""


class Settings(IssuerSettings):
    """How VMS is reached.

    `credentials` refers to a manager of VMS: its name as access key id and its password as secret key, or `api-token`
    and a token. `tenant` is the name of the tenant that bucket, policies and keys belong to. `user` is an existing
    user of the local provider who gets the keys in place of one of the principal's own.
    """

    kind: Literal["vast-s3"] = "vast-s3"
    vms: Endpoint
    credentials: NamedUserReference
    tenant: str = Field(default="default", min_length=1)
    user: str | None = Field(default=None, min_length=1)
    verify_tls: bool = True
    ca_bundle: str | None = None

    @property
    def address(self) -> str:
        """VMS, the tenant, and the user whose the keys are."""
        return "/".join([self.vms.lower(), self.tenant, self.user or ""])

    def open(self, config: ConfigLookup | None) -> VastKeys:
        """Return the issuer. Raises CredentialsUnavailable."""
        api = HttpApi(
            f"{self.vms}/api/latest",
            name="VAST's VMS",
            headers={"Authorization": authorization(named_user(self.credentials, config))},
            verify_tls=self.verify_tls,
            ca_bundle=self.ca_bundle,
        )
        return VastKeys(Vms(api, self.tenant), user=self.user)


class VastKeys:
    """Users, identity policies and keys of one tenant.

    A principal is `<name>.<bucket>`: that is its policy's name, and its user's unless an existing one is to be used.
    """

    def __init__(self, vms: Vms, *, user: str | None = None) -> None:
        self._vms, self._existing = vms, user

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Make policy and user, or bring the policy to the scope; return the principal.

        Raises ModelstoreError when the name belongs to a user that was made elsewhere.
        """
        principal = f"{name}.{scope.bucket}"
        with self._alone(principal):
            user, policy = self._user(principal), self._vms.policy(principal)
            self._check_user(principal, user, policy)
            policy_id = self._ensure_policy(principal, policy, scope)
            self._vms.attach(self._vms.add_user(principal) if user is None else user, policy_id)
        return principal

    def principal_exists(self, principal: str) -> bool:
        """Tell whether user and policy are there."""
        return self._user(principal) is not None and self._vms.policy(principal) is not None

    def delete_principal(self, principal: str, scope: Scope) -> None:  # noqa: ARG002 - the protocol's
        """Delete the policy, and the user that was made with it; an existing user stays, without the policy."""
        with self._alone(principal):
            user, policy = self._user(principal), self._vms.policy(principal)
            if policy is None:
                # Without it a user of that name is somebody else's.
                return
            if user is not None:
                self._vms.detach(user, policy["id"])
                if self._existing is None:
                    self._vms.delete_user(user, principal)
            self._vms.delete_policy(policy["id"], principal)

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of all keys of the user, enabled or not."""
        user = self._user(principal)
        return [] if user is None else self._vms.keys(user)

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return what an interrupted run left for the place, by the ledger in the policy."""
        policy = self._vms.policy(principal)
        return [] if policy is None else _ledger(policy).left_over(place_of(slot, generation), self.keys(principal))

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:
        """Issue a key, after deleting one that an interrupted run left in its place."""
        place = place_of(slot, generation)
        with self._alone(principal):
            user, policy = self._user(principal), self._vms.policy(principal)
            if user is None or policy is None:
                raise NotInStore(
                    f"Cannot create an access key of {principal}",
                    on=self._vms.address,
                    answer="its user or its policy is gone",
                    remedy="Run `pulumi refresh`, then deploy again",
                    status=404,
                )
            for left in _ledger(policy).left_over(place, self._vms.keys(user)):
                self._vms.delete_key(user, left, principal)
            begun = _ledger(policy).beginning(place, self._vms.keys(user))
            self._write(policy["id"], principal, scope, begun)
            try:
                key = self._vms.add_key(user, principal)
            except StoreRefused:
                self._write(policy["id"], principal, scope, begun.finished(None))
                raise
            self._write(policy["id"], principal, scope, begun.finished(key.access_key_id))
        return key

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete the key and return once it is not listed any more."""
        user = self._user(principal)
        if user is not None:
            self._vms.delete_key(user, key_id, principal)

    def _alone(self, principal: str) -> threading.Lock:
        return _locks[self._vms.address, principal]

    def _user(self, principal: str) -> int | None:
        return self._vms.user(self._existing or principal)

    def _check_user(self, principal: str, user: int | None, policy: Mapping[str, Any] | None) -> None:
        if self._existing is not None:
            if user is None:
                raise ModelstoreError(
                    f"VMS knows no user {self._existing!r} of a local provider",
                    on=self._vms.address,
                    remedy="Write user as VMS shows it, or leave it out to have a user made",
                )
        elif user is not None and policy is None:
            # The policy comes first: a user without it was not made here.
            raise ModelstoreError(
                f"The name of the principal {principal} is taken: VMS has a user of that name, not made here",
                on=self._vms.address,
                remedy="Give the component another name, or name that user with user= if it is to have the keys",
            )

    def _ensure_policy(self, principal: str, policy: Mapping[str, Any] | None, scope: Scope) -> int:
        if policy is None:
            return self._vms.add_policy(principal, _document(scope, Ledger()))
        if policy["policy"] != _document(scope, _ledger(policy)) or policy.get("enabled") is False:
            self._write(policy["id"], principal, scope, _ledger(policy))
        return int(policy["id"])

    def _write(self, policy: int, principal: str, scope: Scope, ledger: Ledger) -> None:
        self._vms.write_policy(policy, principal, _document(scope, ledger))


def _document(scope: Scope, ledger: Ledger) -> str:
    document = {"Version": "2012-10-17", "Statement": marked_statements(scope, sid=ledger.sid)}
    return json.dumps(document, separators=(",", ":"))


def _ledger(policy: Mapping[str, Any]) -> Ledger:
    try:
        return Ledger.of_sid(json.loads(policy["policy"])["Statement"][0]["Sid"])
    except (ValueError, KeyError, IndexError, TypeError):
        # Somebody wrote the policy anew: nothing is known of the keys.
        return Ledger()
