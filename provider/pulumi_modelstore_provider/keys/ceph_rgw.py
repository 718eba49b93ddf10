"""Keys on Ceph's Object Gateway: a user for each principal, let into one bucket by that bucket's policy.

The user owns nothing and may create no bucket. Its keys are made by the Admin Ops API, the policy is set by the
bucket's owner. Ceph itself allows any number of keys.
"""

from __future__ import annotations

import hashlib
import threading
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator

from pulumi_modelstore_provider.credentials import ConfigLookup, Reference
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused, keep_out_of_texts
from pulumi_modelstore_provider.keys.ceph_rgw_admin import NO_USER, USER_EXISTS, AdminOps, open_admin
from pulumi_modelstore_provider.keys.ceph_rgw_policy import mark_of, statements_of
from pulumi_modelstore_provider.keys.ceph_rgw_users import display_name, keys_of, require_own, require_usable
from pulumi_modelstore_provider.keys.deletion import await_gone
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, NewKey, Scope, Slot
from pulumi_modelstore_provider.locks import lock_of
from pulumi_modelstore_provider.s3.bucket_policy import BucketPolicy, open_policy
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.endpoint import Endpoint

TENANT = r"[A-Za-z0-9_]*"
"""Characters of a tenant's name (Ceph documentation, "RGW Multi-tenancy")."""

ADMIN_PATH = r"[A-Za-z0-9._-]+"

_OWNS_BUCKETS = 409


class Settings(IssuerSettings):
    """How Ceph's Object Gateway is reached, as the bucket's owner and as an administrator.

    `connection` is that of the bucket's owner, who sets its policy. `admin_credentials` refers to a key of a user with
    the capability `users=*`; unset, the owner is that user. `admin_endpoint` is where the Admin Ops API is, where that
    is not at the connection's endpoint; `admin_path` is its entry (`rgw_admin_entry`). `tenant` is that of the bucket's
    owner.
    """

    kind: Literal["ceph-rgw"] = "ceph-rgw"
    connection: S3Connection
    admin_credentials: Reference | None = None
    admin_endpoint: Endpoint | None = None
    admin_path: str = Field(default="admin", pattern=rf"^{ADMIN_PATH}$")
    tenant: str = Field(default="", pattern=rf"^{TENANT}$")

    @field_validator("connection")
    @classmethod
    def _connection_has_an_endpoint(cls, value: S3Connection) -> S3Connection:
        if value.endpoint is None:
            raise ValueError("the endpoint of Ceph's gateway is required")
        return value

    @property
    def address(self) -> str:
        """The store and the tenant: users are those of one tenant of one store."""
        return f"{self.connection.address}#{self.tenant}" if self.tenant else self.connection.address

    def open(self, config: ConfigLookup | None) -> CephRgwKeys:
        """Return the issuer. Raises CredentialsUnavailable."""
        connection = self.connection
        admin = open_admin(
            f"{self.admin_endpoint or connection.endpoint}/{self.admin_path}",
            credentials=self.admin_credentials or connection.credentials,
            region=connection.region,
            verify_tls=connection.verify_tls,
            ca_bundle=connection.ca_bundle,
            config=config,
        )

        def policy_of(bucket: str) -> BucketPolicy:
            return open_policy(connection, bucket, config=config)

        return CephRgwKeys(admin, policy_of, tenant=self.tenant)


class CephRgwKeys:
    """Users and keys of one gateway.

    A principal is the user `<name>@<bucket>`; a key's id follows from it, slot and generation, so that a second run
    finds what an interrupted one left.
    """

    def __init__(self, admin: AdminOps, policy_of: Callable[[str], BucketPolicy], *, tenant: str = "") -> None:
        self._admin, self._policy_of, self._tenant = admin, policy_of, tenant

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Make the user and let it into the bucket, or bring what lets it in to the scope; return its uid.

        Raises ModelstoreError when the uid belongs to a user that was made elsewhere, or the user is suspended.
        """
        uid = f"{name}@{scope.bucket}"
        principal = f"{self._tenant}${uid}" if self._tenant else uid
        user = self._admin.user(principal)
        if user is None:
            user = self._created(principal)
        require_usable(principal, user, on=self._admin.place)
        self._admit(principal, scope)
        return principal

    def _admit(self, principal: str, scope: Scope) -> None:
        """Let the principal into the scope and nowhere else in the bucket."""
        self._policy_of(scope.bucket).settle(mark_of(principal), statements_of(principal, scope), of=principal)

    def _created(self, principal: str) -> Mapping[str, Any]:
        try:
            self._admin.create_user(principal, display_name(principal))
        except StoreRefused as refusal:
            # Made by another run in between, or by this request when its answer was lost.
            if refusal.code != USER_EXISTS:
                raise
        user = self._admin.user(principal)
        if user is None:
            raise ModelstoreError(
                f"The user {principal} is not there although it was created",
                on=self._admin.place,
                remedy="Check that all gateways of the zone serve the same store, then run again",
            )
        return user

    def principal_exists(self, principal: str) -> bool:
        """Tell whether the user is there."""
        return self._admin.user(principal) is not None

    def delete_principal(self, principal: str, scope: Scope) -> None:
        """Delete the user with the keys it still has, and take it out of the bucket's policy."""
        user = self._admin.user(principal)
        if user is not None:
            require_own(principal, user, on=self._admin.place)
            with self._changing(principal):
                self._delete_user(principal)
        self._policy_of(scope.bucket).remove(mark_of(principal), of=principal)

    def _delete_user(self, principal: str) -> None:
        try:
            self._admin.delete_user(principal)
        except NotInStore as missing:
            if missing.code != NO_USER:
                raise
        except StoreRefused as refusal:
            if refusal.status != _OWNS_BUCKETS:
                raise
            raise ModelstoreError(
                refusal.failed,
                on=refusal.on,
                answer=refusal.answer,
                remedy="Give its buckets to another user (radosgw-admin bucket link), then run again: none is deleted",
            ) from None

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of the user's keys; none where it is gone."""
        user = self._admin.user(principal)
        return [] if user is None else keys_of(principal, user, on=self._admin.place)

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return the key of that slot and generation where it is there already."""
        key_id = key_id_of(principal, slot, generation)
        return [key_id] if key_id in self.keys(principal) else []

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:
        """Issue the key; one that is there already gets a new secret part."""
        user = self._admin.user(principal)
        if user is None:
            raise ModelstoreError(
                f"The user {principal} is gone: it was deleted outside of the stack",
                on=self._admin.place,
                remedy="Run `pulumi refresh`, then deploy again",
            )
        require_usable(principal, user, on=self._admin.place)
        # Somebody may have replaced the policy since: a key that opens nothing is of no use.
        self._admit(principal, scope)
        key_id = key_id_of(principal, slot, generation)
        with self._changing(principal):
            secret = self._admin.renew_key(principal, key_id)
        keep_out_of_texts(secret)
        return NewKey(key_id, secret)

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete the key and return once it is not listed any more."""

        def is_there() -> bool:
            if key_id not in self.keys(principal):
                return False
            self._delete_listed(principal, key_id)
            return key_id in self.keys(principal)

        with self._changing(principal):
            await_gone(
                is_there,
                still=f"The access key {key_id} of {principal} is still there",
                on=self._admin.place,
                remedy="Check that all gateways of the zone are up, then run again",
            )

    def _changing(self, principal: str) -> threading.Lock:
        """Ceph keeps a user and its keys as one record, and refuses to change that twice at a time."""
        return lock_of(f"{self._admin.place} {principal}")

    def _delete_listed(self, principal: str, key_id: str) -> None:
        try:
            self._admin.delete_key(principal, key_id)
        except StoreRefused as refusal:
            # Ceph says the same of a key that went in between as of an administrator's key that it does not know.
            if key_id in self.keys(principal):
                raise refusal from None


def key_id_of(principal: str, slot: Slot, generation: int) -> str:
    """Return the id of a principal's key: 20 capital letters and digits, as Ceph makes them; unique among all users."""
    digest = hashlib.sha256(f"{principal}\n{slot}\n{generation}".encode()).digest()
    return "MS" + b32encode(digest).decode("ascii")[:18]
