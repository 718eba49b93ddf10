"""Weka's REST interface, as an S3 user sees it: a login, and the service accounts of that user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused, keep_out_of_texts
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.protocol import NewKey

_ACCOUNTS = "/s3/serviceAccounts"
_S3_USER = "Refer to the name and password of a Weka user of the role S3: only that user manages its service accounts"


class WekaAccounts:
    """The service accounts of one S3 user, known by their access keys.

    Args:
        api: the interface, below `/api/v2`.
        user: name and password of the S3 user.
        organization: of the user, None for the root one.
    """

    def __init__(self, api: HttpApi, user: Credentials, *, organization: str | None = None) -> None:
        self._api, self._user, self._organization = api, user, organization
        self._token: str | None = None

    @property
    def address(self) -> str:
        """Where the interface is, for messages."""
        return self._api.base_url

    def listed(self) -> list[str]:
        """Return all of them."""
        return _keys_listed(self._request("GET", _ACCOUNTS, failed="Cannot list service accounts"))

    def policy(self, key_id: str) -> Any:
        """Return the policy of one, as Weka shows it. Raises NotInStore when it is gone."""
        return _one(self._request("GET", _place(key_id))).get("policy_content")

    def create(self, policy: Mapping[str, Any], *, failed: str) -> NewKey:
        """Make one with that policy."""
        made = _one(self._request("POST", _ACCOUNTS, body={"policy_file_content": policy}, failed=failed))
        try:
            issued = NewKey(made["access_key"], made["secret_key"])
        except KeyError:
            # The answer itself may hold a secret.
            remedy = "Check the address of the interface, then run again"
            raise ModelstoreError(failed, on=self.address, answer="no key pair", remedy=remedy) from None
        keep_out_of_texts(issued.secret_access_key)
        return issued

    def delete(self, key_id: str, *, failed: str) -> bool:
        """Delete one; False where it is gone."""
        try:
            self._request("DELETE", _place(key_id), failed=failed)
        except NotInStore:
            return False
        return True

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


def _place(key_id: str) -> str:
    return f"{_ACCOUNTS}/{quote(key_id, safe='')}"


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
