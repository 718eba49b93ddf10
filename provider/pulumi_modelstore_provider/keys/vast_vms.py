"""VMS, VAST's management service: tenants, users of the local provider, identity policies, keys.

Calls and fields are those of its OpenAPI document. Tenants have policies and keys of their own: each call says which.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, keep_out_of_texts
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.deletion import await_gone
from pulumi_modelstore_provider.keys.protocol import NewKey

API_TOKEN = "api-token"
"""In the place of a manager's name: the secret part is an API token of VMS, which VAST has since 5.3."""

_PAGE_SIZE = 200


def authorization(manager: Credentials) -> str:
    """Return the header with which a manager speaks to VMS."""
    if manager.access_key_id == API_TOKEN:
        return f"Api-Token {manager.secret_access_key}"
    pair = base64.b64encode(f"{manager.access_key_id}:{manager.secret_access_key}".encode()).decode()
    keep_out_of_texts(pair)
    return f"Basic {pair}"


class Vms:
    """One tenant, as a manager sees it."""

    def __init__(self, api: HttpApi, tenant: str) -> None:
        self._api, self._tenant_name = api, tenant
        self._tenant_found: Mapping[str, Any] | None = None

    @property
    def address(self) -> str:
        """Where VMS is, for messages."""
        return self._api.base_url

    @property
    def tenant_id(self) -> int:
        """The tenant's id."""
        return int(self._tenant["id"])

    @property
    def _tenant(self) -> Mapping[str, Any]:
        if self._tenant_found is None:
            wanted = {"name__icontains": self._tenant_name, "page_size": str(_PAGE_SIZE)}
            found = [tenant for tenant in self._listed("/tenants/", wanted) if tenant["name"] == self._tenant_name]
            if not found:
                raise ModelstoreError(
                    f"VMS knows no tenant {self._tenant_name!r}",
                    on=self.address,
                    remedy="Write tenant as VMS shows it, and let the manager see that tenant",
                )
            self._tenant_found = found[0]
        return self._tenant_found

    def user(self, name: str) -> int | None:
        """Return the id of a user of the local provider."""
        users = self._listed("/users/", {"page_size": str(_PAGE_SIZE)})
        return next((int(user["id"]) for user in users if user["name"] == name), None)

    def add_user(self, name: str) -> int:
        """Make a user without password, who gets in by keys alone; return its id."""
        wanted: dict[str, Any] = {"name": name}
        # Releases with several local providers want to know which; the tenant has one.
        if self._tenant.get("local_provider_id") is not None:
            wanted["local_provider_id"] = self._tenant["local_provider_id"]
        made: dict[str, Any] = self._api.request(
            "POST", "/users/", body=wanted, failed=f"Cannot create the user {name}"
        )
        return int(made["id"])

    def delete_user(self, user: int, name: str) -> None:
        """Delete a user with its keys; one that is gone is no error."""
        self._gone(f"/users/{user}/", failed=f"Cannot delete the user {name}")

    def policy(self, name: str) -> Mapping[str, Any] | None:
        """Return the tenant's identity policy of that name."""
        policies = (policy for policy in self._listed("/s3policies/", {}) if policy["name"] == name)
        return next((policy for policy in policies if policy.get("tenant_id") == self.tenant_id), None)

    def add_policy(self, name: str, document: str) -> int:
        """Make an identity policy; return its id."""
        wanted = {"name": name, "policy": document, "tenant_id": self.tenant_id}
        failed = f"Cannot create the identity policy {name}"
        made: dict[str, Any] = self._api.request("POST", "/s3policies/", body=wanted, failed=failed)
        return int(made["id"])

    def write_policy(self, policy: int, name: str, document: str) -> None:
        """Give an identity policy another document, and let it hold."""
        body = {"policy": document, "enabled": True}
        self._api.request(
            "PATCH", f"/s3policies/{policy}/", body=body, failed=f"Cannot change the identity policy {name}"
        )

    def delete_policy(self, policy: int, name: str) -> None:
        """Delete an identity policy; one that is gone is no error."""
        self._gone(f"/s3policies/{policy}/", failed=f"Cannot delete the identity policy {name}")

    def attach(self, user: int, policy: int) -> None:
        """Let the policy hold for the user on the tenant, beside those that do."""
        attached = self._attached(user)
        if policy not in attached:
            self._set_attached(user, [*attached, policy])

    def detach(self, user: int, policy: int) -> None:
        """Take the policy from the user; the others stay."""
        attached = self._attached(user)
        if policy in attached:
            self._set_attached(user, [other for other in attached if other != policy])

    def _attached(self, user: int) -> list[int]:
        shown = self._api.request("GET", f"/users/{user}/tenant_data/", query={"tenant_id": str(self.tenant_id)})
        return [*(shown.get("s3_policies_ids") or [])]

    def _set_attached(self, user: int, policies: Sequence[int]) -> None:
        body = {"tenant_id": self.tenant_id, "s3_policies_ids": [*policies]}
        failed = "Cannot set a user's identity policies"
        self._api.request("PATCH", f"/users/{user}/tenant_data/", body=body, failed=failed)

    def keys(self, user: int) -> list[str]:
        """Return the ids of all keys of a user, enabled or not; none where it is gone."""
        try:
            shown = self._api.request("GET", f"/users/{user}/")
        except NotInStore:
            return []
        return [key["access_key"] for key in shown.get("access_keys") or []]

    def add_key(self, user: int, name: str) -> NewKey:
        """Issue a key of the user for the tenant."""
        failed = f"Cannot create an access key of {name}"
        answer = self._api.request(
            "POST", f"/users/{user}/access_keys/", body={"tenant_id": self.tenant_id}, failed=failed
        )
        try:
            key = NewKey(answer["access_key"], answer["secret_key"])
        except (TypeError, KeyError):
            # The answer itself may hold a secret.
            remedy = "Check the address of VMS, then run again"
            raise ModelstoreError(failed, on=self.address, answer="no key pair", remedy=remedy) from None
        keep_out_of_texts(key.secret_access_key)
        return key

    def delete_key(self, user: int, key: str, name: str) -> None:
        """Delete a key and return once it is not listed any more; one that is gone is no error."""
        if key not in self.keys(user):
            return
        failed = f"Cannot delete the access key {key} of {name}"
        self._gone(f"/users/{user}/access_keys/", body={"access_key": key}, failed=failed)
        await_gone(
            lambda: key in self.keys(user),
            still=f"The access key {key} of {name} is still there",
            on=self.address,
            remedy="Check the state of the cluster in VMS, then run again",
        )

    def _listed(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """All objects of a listing: a list, or pages of one, by the release of VMS."""
        number = 1
        while True:
            answer = self._api.request("GET", path, query={"page": str(number), **query})
            if isinstance(answer, list):
                yield from answer
                return
            yield from answer["results"]
            if not answer.get("next"):
                return
            number += 1

    def _gone(self, path: str, *, body: Any = None, failed: str) -> None:
        try:
            self._api.request("DELETE", path, body=body, failed=failed)
        except NotInStore:
            return
