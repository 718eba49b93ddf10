"""Keys on Weka: S3 service accounts, children of one S3 user, each with a policy of its own.

Weka's REST interface has no name or comment for a service account, and no call that changes its policy: an id of the
policy's first statement says whose the account is, and another scope means other accounts. Weka allows 100 of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused, keep_out_of_texts
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.deletion import await_gone
from pulumi_modelstore_provider.keys.named_user import NamedUserReference, named_user
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, NewKey, Scope, Slot
from pulumi_modelstore_provider.keys.s3_statements import marked_statements, place_of
from pulumi_modelstore_provider.stores.endpoint import Endpoint

POLICY_BYTES = 2048
"""The longest policy (Weka's documentation of S3 users)."""

_ACCOUNTS = "/s3/serviceAccounts"
_OWNED = re.compile(r"Modelstore([0-9a-f]{16})([EOS]\d+)")
_S3_USER = "Refer to the name and password of a Weka user of the role S3: only that user manages its service accounts"


class Settings(IssuerSettings):
    """How Weka's REST interface is reached.

    `api` is its address, such as `https://weka01:14000`. `credentials` refers to the S3 user: its name as access key
    id, its password as secret key. `organization` is the user's, unset for the root one.
    """

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
        return WekaKeys(api, user, organization=self.organization)


class WekaKeys:
    """Service accounts of one S3 user.

    A principal is `<name>.<bucket>:<digest of the scope>` and exists by its accounts alone. Another scope is another
    principal to whoever holds keys, so that they are replaced: their policies cannot be changed.
    """

    def __init__(self, api: HttpApi, user: Credentials, *, organization: str | None = None) -> None:
        self._api, self._user, self._organization = api, user, organization
        self._token: str | None = None

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Make sure that the S3 user may have service accounts; return the principal."""
        size = len(_text(_policy(scope, "Modelstore" + 16 * "0" + "E999999")))
        if size > POLICY_BYTES:
            raise ModelstoreError(
                f"The policy of {name} has {size} bytes, Weka takes {POLICY_BYTES}",
                on=self._api.base_url,
                remedy="Shorten the prefix",
            )
        self._listed()
        return f"{name}.{scope.bucket}:{_digest(f'{scope.prefix}:{scope.read_only}')[:8]}"

    def principal_exists(self, principal: str) -> bool:  # noqa: ARG002 - there is nothing of it in the store
        """Tell whether the S3 user still works, on which all accounts depend."""
        self._listed()
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
        made = _one(self._request("POST", _ACCOUNTS, body={"policy_file_content": policy}, failed=failed))
        try:
            issued = NewKey(made["access_key"], made["secret_key"])
        except KeyError:
            # The answer itself may hold a secret.
            remedy = "Check the address of the interface, then run again"
            raise ModelstoreError(failed, on=self._api.base_url, answer="no key pair", remedy=remedy) from None
        keep_out_of_texts(issued.secret_access_key)
        return issued

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete the service account and return once it is not listed any more."""
        failed = f"Cannot delete the service account {key_id} of {principal}"
        try:
            self._request("DELETE", f"{_ACCOUNTS}/{quote(key_id, safe='')}", failed=failed)
        except NotInStore:
            return
        await_gone(
            lambda: key_id in self._listed(),
            still=f"The service account {key_id} of {principal} is still there",
            on=self._api.base_url,
            remedy="Check the state of the S3 cluster in Weka, then run again",
        )

    def _owned(self, principal: str) -> Iterator[tuple[str, str]]:
        """Each service account of the principal, with its place."""
        for key in self._listed():
            try:
                shown = _one(self._request("GET", f"{_ACCOUNTS}/{quote(key, safe='')}"))
            except NotInStore:
                # Deleted since.
                continue
            owned = _OWNED.fullmatch(_first_sid(shown.get("policy_content")))
            if owned is not None and owned[1] == _owner(principal):
                yield key, owned[2]

    def _listed(self) -> list[str]:
        return _keys_listed(self._request("GET", _ACCOUNTS, failed="Cannot list service accounts"))

    def _request(self, method: str, path: str, *, body: Any = None, failed: str = "") -> Any:
        try:
            return self._asked(method, path, body, failed)
        except StoreRefused as refusal:
            if refusal.status == 401:
                # An access token is good for five minutes.
                self._token = None
                return self._asked(method, path, body, failed)
            if refusal.status == 403:
                raise StoreRefused(
                    refusal.failed, on=refusal.on, answer=refusal.answer, remedy=_S3_USER, status=refusal.status
                ) from None
            raise

    def _asked(self, method: str, path: str, body: Any, failed: str) -> Any:
        if self._token is None:
            self._token = self._login()
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._api.request(method, path, body=body, headers=headers, failed=failed)

    def _login(self) -> str:
        body = {"username": self._user.access_key_id, "password": self._user.secret_access_key}
        if self._organization is not None:
            body["org"] = self._organization
        failed = f"Cannot log in to Weka as {self._user.access_key_id}"
        try:
            given = _one(self._api.request("POST", "/login", body=body, failed=failed))
        except StoreRefused as refusal:
            if refusal.status != 401:
                raise
            raise StoreRefused(
                refusal.failed, on=refusal.on, answer=refusal.answer, remedy=_S3_USER, status=401
            ) from None
        token = given.get("access_token")
        if not isinstance(token, str) or not token:
            remedy = "Check the address of the interface"
            raise ModelstoreError(failed, on=self._api.base_url, answer="no access token", remedy=remedy)
        keep_out_of_texts(token)
        return token


def _policy(scope: Scope, sid: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": marked_statements(scope, sid=sid)}


def _text(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, separators=(",", ":"))


def _owner(principal: str) -> str:
    """What stands for the principal in a statement's id, whatever its scope."""
    return _digest(principal.rpartition(":")[0])[:16]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _one(answer: Any) -> dict[str, Any]:
    """The object that an answer is about: Weka's documents show `data` as an object and as a list of one."""
    data = answer.get("data") if isinstance(answer, dict) else None
    first = data[0] if isinstance(data, list) and data else data
    return first if isinstance(first, dict) else {}


def _keys_listed(answer: Any) -> list[str]:
    data = answer.get("data") if isinstance(answer, dict) else None
    items = data if isinstance(data, list) else []
    keys = [item.get("key") or item.get("access_key") if isinstance(item, dict) else item for item in items]
    return [key for key in keys if isinstance(key, str)]


def _first_sid(policy: Any) -> str:
    """The id of the first statement of a policy, which Weka shows as an object or as text."""
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
        return str(document["Statement"][0]["Sid"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
