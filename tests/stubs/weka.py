"""Weka's REST interface, version 2, from its documents: login and the service accounts of an S3 user.

The documents name the operations, the limits (100 accounts, 2 KB of policy) and what the command line shows of an
account. The name of the field that takes the policy is that of `POST /s3/policies`.
"""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from servers.versitygw import VersityGateway
from stubs.gateway_keys import GatewayKeys
from stubs.management import Answer, ManagementStub, Operation, Refused, Request, serving

MOST_ACCOUNTS = 100
POLICY_BYTES = 2048


@dataclass
class WekaStub(ManagementStub):
    """One cluster with an administrator and an S3 user."""

    gateway: VersityGateway | None = field(default=None, repr=False)
    s3_user: str = "models"
    s3_password: str = field(default="s3-password-of-the-tests", repr=False)
    admin_password: str = field(default="admin-password-of-the-tests", repr=False)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Service accounts by access key, each with its policy and its gateway account."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Access tokens, each with its user."""

    name: ClassVar[str] = "Weka's API"

    def __post_init__(self) -> None:
        assert self.gateway is not None
        self._keys = GatewayKeys(self.gateway)

    def operations(self) -> Sequence[Operation]:
        api = "/api/v2"
        login: dict[str, Any] = {"username": str, "password": str, "org": str}
        account = f"{api}/s3/serviceAccounts/{{}}"
        named = frozenset({"username", "password"})
        return [
            Operation("POST", f"{api}/login", self._login, body=login, required=named, authenticated=False),
            Operation("GET", f"{api}/s3/serviceAccounts", self._list),
            Operation("POST", f"{api}/s3/serviceAccounts", self._add, body={"policy_file_content": dict}),
            Operation("GET", account, self._show),
            Operation("DELETE", account, self._remove),
        ]

    def authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        user = self.tokens.get(token) if scheme == "Bearer" else None
        if user is None:
            raise Refused(401, "Invalid or expired token")
        if user != self.s3_user:
            raise Refused(403, "Only a user of the role S3 manages service accounts")

    def refusal(self, error: Refused) -> Answer:
        return Answer(error.status, {"message": error.message})

    def add_account(self, policy: dict[str, Any]) -> tuple[str, str]:
        """As the S3 user does by the command line."""
        with self.lock:
            account = uuid.uuid4().hex[:12]
            self._keys.add_account(account)
            self._keys.set_policies(account, {"account": policy})
            key_id, secret = self._keys.add_key(account)
            self.accounts[key_id] = {"policy": policy, "account": account}
        return key_id, secret

    def remove_account(self, key_id: str) -> None:
        with self.lock:
            self._keys.remove_account(self.accounts.pop(key_id)["account"])

    def _login(self, request: Request) -> Answer:
        known = {self.s3_user: self.s3_password, "admin": self.admin_password}
        if known.get(request.body["username"]) != request.body["password"]:
            raise Refused(401, "Incorrect username or password")
        token = uuid.uuid4().hex
        self.tokens[token] = request.body["username"]
        given = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "refresh_token": uuid.uuid4().hex}
        return Answer(200, {"data": [given]})

    def _list(self, _request: Request) -> Answer:
        return Answer(200, {"data": [{"key": key} for key in self.accounts]})

    def _add(self, request: Request) -> Answer:
        policy = (request.body or {}).get("policy_file_content")
        if policy is None:
            raise self._violation(request, 400, "an account without a policy may do all that its user may")
        if len(json.dumps(policy, separators=(",", ":"))) > POLICY_BYTES:
            raise Refused(400, "The policy is larger than 2KB")
        if len(self.accounts) >= MOST_ACCOUNTS:
            raise Refused(400, "The user has the maximum number of service accounts")
        key_id, secret = self.add_account(policy)
        return Answer(200, {"data": {"access_key": key_id, "secret_key": secret}})

    def _found(self, key_id: str) -> dict[str, Any]:
        if key_id not in self.accounts:
            raise Refused(404, "No such service account")
        return self.accounts[key_id]

    def _show(self, _request: Request, key_id: str) -> Answer:
        shown = {"access_key": key_id, "parent_user": self.s3_user, "implied_policy": False}
        return Answer(200, {"data": shown | {"policy_content": self._found(key_id)["policy"]}})

    def _remove(self, _request: Request, key_id: str) -> Answer:
        self._found(key_id)
        self.remove_account(key_id)
        return Answer(200, {"data": None})


@contextmanager
def weka_stub(gateway: VersityGateway, *, tls: ssl.SSLContext | None = None) -> Iterator[WekaStub]:
    """Serve the interface before a gateway; ends with a failure where it was asked what the documents do not know."""
    stub = WekaStub(gateway=gateway)
    with serving(stub, tls=tls):
        yield stub
