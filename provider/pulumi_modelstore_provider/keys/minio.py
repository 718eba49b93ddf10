"""Keys on MinIO: a user for each principal, with a policy of its own and at most two access keys.

The keys hold no policy: they may do what their user may, so that a changed scope is theirs at once. They are no keys of
the administrator's, because those would end with that account, and before October 2025 MinIO let such a key step out of
its own policy. MinIO's audit names user and key with each request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pulumi_modelstore_provider.credentials import ConfigLookup, Reference
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused, keep_out_of_texts
from pulumi_modelstore_provider.keys.administrator import administrator
from pulumi_modelstore_provider.keys.deletion import await_gone
from pulumi_modelstore_provider.keys.minio_client import add_key_of, administering, open_admin
from pulumi_modelstore_provider.keys.minio_policy import policy_of
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, NewKey, Scope, Slot
from pulumi_modelstore_provider.stores.endpoint import Endpoint

if TYPE_CHECKING:
    from minio import MinioAdmin

_ID_LENGTH = 20
"""The most characters of an access key's id (accessKeyMaxLen in MinIO's source); a user's name may be longer."""

_SECRET_BYTES = 30
"""40 characters, the length of secret keys that MinIO makes itself."""

_TAKEN = "XMinioIAMServiceAccountNotAllowed"
_IN_EFFECT = "XMinioAdminPolicyChangeAlreadyApplied"


class Settings(IssuerSettings):
    """How MinIO's administration interface is reached.

    `endpoint` is that of its S3 interface. `credentials` refers to a key that may manage users, policies and access
    keys. `ca_bundle` is the path of a PEM file.
    """

    kind: Literal["minio"] = "minio"
    endpoint: Endpoint
    credentials: Reference = "default"
    verify_tls: bool = True
    ca_bundle: str | None = None

    @property
    def address(self) -> str:
        """The endpoint: users are those of one server."""
        return self.endpoint.lower()

    def open(self, config: ConfigLookup | None) -> MinioKeys:
        """Return the issuer. Raises CredentialsUnavailable, and ModelstoreError without the SDK."""
        credentials = administrator(self.credentials, config)
        admin = open_admin(self.endpoint, credentials, verify_tls=self.verify_tls, ca_bundle=self.ca_bundle)
        return MinioKeys(admin, self.endpoint)


class MinioKeys:
    """Users, policies and access keys of one MinIO.

    A principal is the user `<name>@<bucket>`, so that two stacks with a consumer of one name do not meet; its policy
    has the same name. A key's id follows from user, slot and generation, so that a second run finds what an interrupted
    one left.
    """

    def __init__(self, admin: MinioAdmin, endpoint: str) -> None:
        self._admin = admin
        self._endpoint = endpoint

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Make user and policy, or bring the policy to the scope; return the user's name.

        Raises ModelstoreError when the name belongs to a user that was made elsewhere.
        """
        principal = f"{name}@{scope.bucket}"
        user = self._user(principal)
        # The policy comes first: a user without it is somebody else's.
        if user is not None and not self._has_policy(principal):
            raise ModelstoreError(
                f"The name of the principal {principal} is taken: a user of that name was not made here",
                on=self._endpoint,
                remedy="Give the component another name, or delete that user if nobody needs it",
            )
        with administering(f"Cannot set the policy {principal}", on=self._endpoint):
            self._admin.policy_add(principal, policy=policy_of(scope))
        if user is None:
            # Nobody gets to know the user's own secret key: only its access keys are used.
            with administering(f"Cannot create the user {principal}", on=self._endpoint):
                self._admin.user_add(principal, _new_secret())
        if user is None or principal not in _attached(user):
            self._attach(principal)
        return principal

    def principal_exists(self, principal: str) -> bool:
        """Tell whether the user is there."""
        return self._user(principal) is not None

    def delete_principal(self, principal: str, scope: Scope) -> None:  # noqa: ARG002 - the protocol's
        """Delete the user, with the keys it still has, and its policy."""
        try:
            with administering(f"Cannot delete the user {principal}", on=self._endpoint):
                self._admin.user_remove(principal)
        except NotInStore:
            pass
        try:
            with administering(f"Cannot delete the policy {principal}", on=self._endpoint):
                self._admin.policy_remove(principal)
        except NotInStore:
            pass

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of the user's access keys."""
        with administering(f"Cannot list the access keys of {principal}", on=self._endpoint):
            answer = json.loads(self._admin.list_service_account(principal))
            return sorted(str(account["accessKey"]) for account in answer.get("accounts") or [])

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return the key of that slot and generation where it is there already."""
        key_id = _key_id(principal, slot, generation)
        return [key_id] if key_id in self.keys(principal) else []

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:  # noqa: ARG002
        """Issue the key; one that is there already gets a new secret part."""
        key = NewKey(_key_id(principal, slot, generation), _new_secret())
        try:
            with administering(f"Cannot create an access key of {principal}", on=self._endpoint):
                add_key_of(
                    self._admin,
                    principal,
                    key_id=key.access_key_id,
                    secret=key.secret_access_key,
                    name=f"{slot}-{generation}",
                    description=f"pulumi-modelstore: {principal}",
                )
        except StoreRefused as refusal:
            # Of an interrupted run, or of this request when its answer was lost.
            if refusal.code != _TAKEN or key.access_key_id not in self.keys(principal):
                raise
            self._renew(principal, key)
        return key

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete the key and return once it is not listed any more."""
        try:
            with administering(f"Cannot delete the access key {key_id} of {principal}", on=self._endpoint):
                self._admin.delete_service_account(key_id)
        except NotInStore:
            return
        await_gone(
            lambda: key_id in self.keys(principal),
            still=f"The access key {key_id} of {principal} is still there",
            on=self._endpoint,
            remedy="Check that all of MinIO's servers are up, then run again",
        )

    def _user(self, name: str) -> dict[str, Any] | None:
        try:
            with administering(f"Cannot look at the user {name}", on=self._endpoint):
                found: dict[str, Any] = json.loads(self._admin.user_info(name))
                return found
        except NotInStore as missing:
            if missing.code == "XMinioAdminNoSuchUser":
                return None
            raise

    def _has_policy(self, name: str) -> bool:
        try:
            with administering(f"Cannot look at the policy {name}", on=self._endpoint):
                self._admin.policy_info(name)
        except NotInStore:
            return False
        return True

    def _attach(self, principal: str) -> None:
        try:
            with administering(f"Cannot attach its policy to the user {principal}", on=self._endpoint):
                self._admin.attach_policy([principal], user=principal)
        except StoreRefused as refusal:
            if refusal.code != _IN_EFFECT:
                raise

    def _renew(self, principal: str, key: NewKey) -> None:
        with administering(f"Cannot renew the access key {key.access_key_id} of {principal}", on=self._endpoint):
            self._admin.update_service_account(
                access_key=key.access_key_id, secret_key=key.secret_access_key, status="on"
            )


def _key_id(principal: str, slot: Slot, generation: int) -> str:
    """The id, the same for the same key: MinIO takes at most 20 characters, so the name itself has no room."""
    digest = hashlib.sha256(f"{principal}/{slot}/{generation}".encode()).digest()
    return base64.b32encode(digest).decode()[:_ID_LENGTH]


def _attached(user: dict[str, Any]) -> list[str]:
    return str(user.get("policyName") or "").split(",")


def _new_secret() -> str:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    keep_out_of_texts(secret)
    return secret
