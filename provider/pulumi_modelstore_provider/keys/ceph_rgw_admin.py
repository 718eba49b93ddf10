"""The part of Ceph's Admin Ops API that keys need: users without buckets of their own, and their S3 keys.

Source: the Ceph documentation, "Admin Operations".
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.errors import NotInStore, StoreRefused
from pulumi_modelstore_provider.http_api import HttpApi, Signer
from pulumi_modelstore_provider.keys.administrator import administrator

Method: TypeAlias = Literal["GET", "PUT", "DELETE"]

NO_USER = "NoSuchUser"
USER_EXISTS = "UserAlreadyExists"

_NAME = "Ceph's Admin Ops API"
_TRIES = 6
_FIRST_PAUSE = 0.1
"""Seconds."""
_NO_BUCKETS = "-1"
"""As `max-buckets`: none at all. Unset it would be 1000, 0 means without limit."""

_NOT_CEPH = (
    "Check endpoint, admin_endpoint and admin_path: the Admin Ops API does not answer there; "
    "rgw_enable_apis has to hold admin, and rgw_admin_entry is its path"
)
_LATER = "Run again later: what is already there is kept"
_REMEDIES = {
    "AccessDenied": (
        "Let the user that admin_credentials refer to manage users: "
        "radosgw-admin caps add --uid=<its uid> --caps='users=*'"
    ),
    "InvalidAccessKeyId": "Check the access key id that admin_credentials refer to: Ceph does not know it",
    "SignatureDoesNotMatch": "Check the secret key that admin_credentials refer to",
    "RequestTimeTooSkewed": "Set the clock of this machine, or of the store",
    NO_USER: "Run `pulumi refresh`, then deploy again: the user was deleted outside of the stack",
    "UserSuspended": "Enable the user that admin_credentials refer to: radosgw-admin user enable --uid=<its uid>",
}


class AdminOps:
    """Users of one Ceph Object Gateway, as an administrator.

    Args:
        api: the API, below the path of its entry.
        place: how messages name it.
    """

    def __init__(self, api: HttpApi, place: str) -> None:
        self._api, self.place = api, place

    def user(self, uid: str) -> Mapping[str, Any] | None:
        """Return what Ceph says of a user, its keys with their secret parts included; None where there is none."""
        try:
            found: Mapping[str, Any] = self._ask("GET", {"uid": uid}, f"Cannot look at the user {uid}")
        except NotInStore as missing:
            if missing.code == NO_USER:
                return None
            raise
        return found

    def create_user(self, uid: str, display_name: str) -> None:
        """Create a user without a key, who may create no bucket; `StoreRefused` of the code USER_EXISTS if it is there.

        The display name has no spaces: they are signed in two ways.
        """
        query = {"uid": uid, "display-name": display_name, "generate-key": "False", "max-buckets": _NO_BUCKETS}
        self._ask("PUT", query, f"Cannot create the user {uid}")

    def delete_user(self, uid: str) -> None:
        """Delete a user with its keys; Ceph refuses it for one that owns a bucket."""
        self._ask("DELETE", {"uid": uid}, f"Cannot delete the user {uid}")

    def renew_key(self, uid: str, key_id: str) -> str:
        """Give the user a key of that id, or another secret to the one that it has; return the secret.

        Ceph makes it up: a secret in the request would stand in its URL, and so in the gateway's log.
        """
        failed = f"Cannot create an access key of the user {uid}"
        answer = self._ask("PUT", {"key": "", "uid": uid, "access-key": key_id}, failed)
        for key in answer if isinstance(answer, list) else ():
            if key.get("access_key") == key_id and key.get("secret_key"):
                return str(key["secret_key"])
        raise StoreRefused(failed, on=self.place, answer="no key of that id is in it", remedy=_NOT_CEPH)

    def delete_key(self, uid: str, key_id: str) -> None:
        """Delete a key."""
        query = {"key": "", "uid": uid, "access-key": key_id}
        self._ask("DELETE", query, f"Cannot delete the access key {key_id} of the user {uid}")

    def _ask(self, method: Method, query: Mapping[str, str], failed: str) -> Any:
        pause = _FIRST_PAUSE
        for _ in range(_TRIES - 1):
            try:
                return self._send(method, query, failed)
            except StoreRefused as refusal:
                if not _was_concurrent(refusal):
                    raise
            # Apart from each other, so that two writers do not meet again and again.
            time.sleep(pause + random.uniform(0, pause))  # noqa: S311
            pause *= 2
        return self._send(method, query, failed)

    def _send(self, method: Method, query: Mapping[str, str], failed: str) -> Any:
        try:
            return self._api.request(method, "/user", query={"format": "json", **query}, failed=failed)
        except StoreRefused as refusal:
            raise _plainer(refusal, failed, self.place) from None


def open_admin(
    base_url: str,
    *,
    credentials: str,
    region: str,
    verify_tls: bool,
    ca_bundle: str | None,
    config: ConfigLookup | None,
) -> AdminOps:
    """Return the API at `base_url`, which ends with its entry; `credentials` refer to the administrator's key.

    Raises CredentialsUnavailable when they lead to none.
    """
    signer = _signer(administrator(credentials, config), region)
    api = HttpApi(base_url, name=_NAME, verify_tls=verify_tls, ca_bundle=ca_bundle, signer=signer)
    return AdminOps(api, base_url)


def _was_concurrent(refusal: StoreRefused) -> bool:
    """Whether another change of the same user was under way: Ceph 16 calls that an unknown error."""
    return refusal.status == 500 or refusal.code == "ConcurrentModification"


def _plainer(refusal: StoreRefused, failed: str, place: str) -> StoreRefused:
    """The same with Ceph's own name of the error, and a remedy that names settings of the backend."""
    answer = f"{refusal.code} (HTTP {refusal.status})" if refusal.code else refusal.answer
    kind = type(refusal)
    return kind(failed, on=place, answer=answer, remedy=_remedy(refusal), code=refusal.code, status=refusal.status)


def _remedy(refusal: StoreRefused) -> str:
    if refusal.status == 429 or refusal.status >= 500:
        return _LATER
    if refusal.code in _REMEDIES:
        return _REMEDIES[refusal.code]
    if not refusal.code or refusal.status in (404, 405):
        return _NOT_CEPH
    return refusal.remedy


def _signer(credentials: Credentials, region: str) -> Signer:
    def sign(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials as Keys

        request = AWSRequest(method, url, headers=dict(headers), data=body)
        keys = Keys(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        S3SigV4Auth(keys, "s3", region).add_auth(request)
        return dict(request.headers.items())

    return sign
