"""VAST's management service (VMS), from its published OpenAPI document: users, keys, identity policies, tenants.

Data goes to a real gateway: a user's keys are keys of a gateway user who holds the user's identity policies.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from servers.versitygw import VersityGateway
from stubs.gateway_keys import GatewayKeys
from stubs.management import Answer, ManagementStub, Operation, Refused, Request, serving

MOST_KEYS = 2
"""VAST's own limit of key pairs a user."""

_PAGE = frozenset({"page", "page_size"})


@dataclass
class VastUser:
    """A user of the local provider."""

    id: int
    name: str
    local_provider_id: int
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[int, list[int]] = field(default_factory=dict)
    """Ids of its identity policies, by tenant."""


@dataclass
class VastPolicy:
    """An identity policy of one tenant."""

    id: int
    name: str
    policy: str
    tenant_id: int
    enabled: bool = True


@dataclass
class VastStub(ManagementStub):
    """VMS of one cluster. `tenants` are by name; `page_size` is the most that one page holds."""

    gateway: VersityGateway | None = field(default=None, repr=False)
    user: str = "admin"
    password: str = field(default="vms-password-of-the-tests", repr=False)
    token: str = field(default="vms-api-token-of-the-tests", repr=False)
    tenants: dict[str, int] = field(default_factory=lambda: {"default": 1, "ai": 7, "ai-lab": 8})
    users: dict[int, VastUser] = field(default_factory=dict)
    policies: dict[int, VastPolicy] = field(default_factory=dict)
    page_size: int = 3
    _ids: int = 40

    name: ClassVar[str] = "VMS"

    def __post_init__(self) -> None:
        assert self.gateway is not None
        self._keys = GatewayKeys(self.gateway)

    def operations(self) -> Sequence[Operation]:
        api = "/api/latest"
        user, policy = f"{api}/users/{{}}/", f"{api}/s3policies/{{}}/"
        keys, tenant_data = f"{user}access_keys/", f"{user}tenant_data/"
        named = frozenset({"name"})
        provider = "local_provider_id"
        user_fields: dict[str, Any] = {"name": str, provider: int, "uid": int, "s3_policies_ids": list}
        policy_fields: dict[str, Any] = {"name": str, "policy": str, "tenant_id": int}
        policy_change: dict[str, Any] = {"name": str, "policy": str, "enabled": bool}
        key_field: dict[str, Any] = {"access_key": str}
        key_change: dict[str, Any] = key_field | {"enabled": bool}
        return [
            Operation("GET", f"{api}/tenants/", self._list_tenants, query=_PAGE | {"name__icontains"}),
            Operation("GET", f"{api}/users/", self._list_users, query=_PAGE),
            Operation("POST", f"{api}/users/", self._add_user, body=user_fields, required=named | {provider}),
            Operation("GET", user, self._get_user),
            Operation("DELETE", user, self._delete_user),
            Operation("POST", keys, self._add_key, body={"tenant_id": int}),
            Operation("PATCH", keys, self._enable_key, body=key_change, required=frozenset(key_change)),
            Operation("DELETE", keys, self._delete_key, body=key_field, required=frozenset(key_field)),
            Operation("GET", tenant_data, self._get_tenant_data, query=frozenset({"tenant_id"})),
            Operation("PATCH", tenant_data, self._set_tenant_data, body={"tenant_id": int, "s3_policies_ids": list}),
            Operation("GET", f"{api}/s3policies/", self._list_policies, query=frozenset({"page"})),
            Operation("POST", f"{api}/s3policies/", self._add_policy, body=policy_fields, required=named | {"policy"}),
            Operation("GET", policy, self._get_policy),
            Operation("PATCH", policy, self._change_policy, body=policy_change),
            Operation("DELETE", policy, self._delete_policy),
        ]

    def authenticate(self, request: Request) -> None:
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if request.headers.get("authorization") not in (f"Basic {basic}", f"Api-Token {self.token}"):
            raise Refused(401, "Invalid username/password.")

    def refusal(self, error: Refused) -> Answer:
        return Answer(error.status, {"detail": error.message})

    def add_user(self, name: str) -> VastUser:
        """As an administrator does in the console."""
        with self.lock:
            user = VastUser(self._next_id(), name, local_provider_id=1)
            self.users[user.id] = user
            self._keys.add_account(str(user.id))
        return user

    def add_key(self, user: VastUser, tenant_id: int) -> tuple[str, str]:
        """As an administrator does in the console."""
        with self.lock:
            if len(user.keys) >= MOST_KEYS:
                raise Refused(400, "User already has the maximum number of access keys")
            key_id, secret = self._keys.add_key(str(user.id))
            user.keys[key_id] = {"access_key": key_id, "enabled": True, "tenant_id": tenant_id}
        return key_id, secret

    def remove_key(self, user: VastUser, key_id: str) -> None:
        """As an administrator does in the console."""
        with self.lock:
            del user.keys[key_id]
            self._keys.remove_key(str(user.id), key_id)

    def user_named(self, name: str) -> VastUser | None:
        return next((user for user in self.users.values() if user.name == name), None)

    def key_ids(self) -> set[str]:
        return {key for user in self.users.values() for key in user.keys}

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Answer:
        """All at once where no page is asked for, as VMS does."""
        if "page" not in request.query:
            return Answer(200, items)
        size = min(int(request.query.get("page_size", self.page_size)), self.page_size)
        number = int(request.query["page"])
        last = max(1, -(-len(items) // size))
        if number > last:
            raise Refused(404, "Invalid page.")
        link = f"{self.url}{request.path}?page={number + 1}" if number < last else None
        results = items[(number - 1) * size : number * size]
        return Answer(200, {"count": len(items), "next": link, "previous": None, "results": results})

    def _list_tenants(self, request: Request) -> Answer:
        wanted = request.query.get("name__icontains", "").lower()
        found = [
            {"id": number, "name": name, "local_provider_id": number * 10}
            for name, number in self.tenants.items()
            if wanted in name.lower()
        ]
        return self._page(request, found)

    def _list_users(self, request: Request) -> Answer:
        return self._page(request, [self._shown(user) for user in self.users.values()])

    def _shown(self, user: VastUser) -> dict[str, Any]:
        return {"id": user.id, "name": user.name, "access_keys": [*user.keys.values()]}

    def _found(self, identifier: str) -> VastUser:
        user = self.users.get(int(identifier))
        if user is None:
            raise Refused(404, "Not found.")
        return user

    def _add_user(self, request: Request) -> Answer:
        if self.user_named(request.body["name"]) is not None:
            raise Refused(400, "User with this name already exists")
        if request.body["local_provider_id"] not in {number * 10 for number in self.tenants.values()}:
            raise Refused(400, "No such local provider")
        return Answer(201, self._shown(self.add_user(request.body["name"])))

    def _get_user(self, _request: Request, identifier: str) -> Answer:
        return Answer(200, self._shown(self._found(identifier)))

    def _delete_user(self, _request: Request, identifier: str) -> Answer:
        user = self._found(identifier)
        del self.users[user.id]
        self._keys.remove_account(identifier)
        return Answer(204)

    def _add_key(self, request: Request, identifier: str) -> Answer:
        tenant = request.body.get("tenant_id") if request.body else None
        if tenant not in self.tenants.values():
            raise self._violation(request, 400, "a key without a tenant's id")
        key_id, secret = self.add_key(self._found(identifier), tenant)
        return Answer(200, {"access_key": key_id, "secret_key": secret})

    def _enable_key(self, request: Request, identifier: str) -> Answer:
        user, key_id = self._found(identifier), request.body["access_key"]
        if key_id not in user.keys:
            raise Refused(404, "No such access key")
        user.keys[key_id]["enabled"] = request.body["enabled"]
        self._keys.enable_key(identifier, key_id, enabled=request.body["enabled"])
        return Answer(204)

    def _delete_key(self, request: Request, identifier: str) -> Answer:
        user, key_id = self._found(identifier), request.body["access_key"]
        if key_id not in user.keys:
            raise Refused(404, "No such access key")
        self.remove_key(user, key_id)
        return Answer(204)

    def _get_tenant_data(self, request: Request, identifier: str) -> Answer:
        tenant = int(request.query.get("tenant_id", 1))
        return Answer(200, {"s3_policies_ids": self._found(identifier).policies.get(tenant, [])})

    def _set_tenant_data(self, request: Request, identifier: str) -> Answer:
        user, tenant = self._found(identifier), request.body["tenant_id"]
        wanted = request.body["s3_policies_ids"]
        if any(number not in self.policies or self.policies[number].tenant_id != tenant for number in wanted):
            raise Refused(400, "No such identity policy on this tenant")
        user.policies[tenant] = [*wanted]
        self._sync(user)
        return Answer(200, {"s3_policies_ids": wanted})

    def _sync(self, user: VastUser) -> None:
        held = [self.policies[number] for numbers in user.policies.values() for number in numbers]
        documents = {policy.name: json.loads(policy.policy) for policy in held if policy.enabled}
        self._keys.set_policies(str(user.id), documents)

    def _list_policies(self, request: Request) -> Answer:
        return self._page(request, [self._policy_shown(policy) for policy in self.policies.values()])

    def _policy_shown(self, policy: VastPolicy) -> dict[str, Any]:
        holders = [user.name for user in self.users.values() for ids in user.policies.values() if policy.id in ids]
        shown = {name: getattr(policy, name) for name in ("id", "name", "policy", "tenant_id", "enabled")}
        return shown | {"users": holders, "groups": []}

    def _policy(self, identifier: str) -> VastPolicy:
        policy = self.policies.get(int(identifier))
        if policy is None:
            raise Refused(404, "Not found.")
        return policy

    def _add_policy(self, request: Request) -> Answer:
        tenant = request.body.get("tenant_id")
        if tenant not in self.tenants.values():
            raise self._violation(request, 400, "an identity policy without a tenant's id")
        if any(p.name == request.body["name"] and p.tenant_id == tenant for p in self.policies.values()):
            raise Refused(400, "Identity policy with this name already exists")
        policy = VastPolicy(self._next_id(), request.body["name"], _checked(request.body["policy"]), tenant)
        self.policies[policy.id] = policy
        return Answer(201, self._policy_shown(policy))

    def _get_policy(self, _request: Request, identifier: str) -> Answer:
        return Answer(200, self._policy_shown(self._policy(identifier)))

    def _change_policy(self, request: Request, identifier: str) -> Answer:
        policy = self._policy(identifier)
        policy.policy = _checked(request.body.get("policy", policy.policy))
        policy.enabled = request.body.get("enabled", policy.enabled)
        for user in self.users.values():
            if any(policy.id in ids for ids in user.policies.values()):
                self._sync(user)
        return Answer(200, self._policy_shown(policy))

    def _delete_policy(self, _request: Request, identifier: str) -> Answer:
        policy = self._policy(identifier)
        if any(policy.id in ids for user in self.users.values() for ids in user.policies.values()):
            raise Refused(400, "The identity policy is attached to users")
        del self.policies[policy.id]
        return Answer(204)


def _checked(text: str) -> str:
    """An identity policy in the documented grammar, or a refusal."""
    try:
        document = json.loads(text)
        statements = document["Statement"]
        fits = document["Version"] == "2012-10-17" and set(document) == {"Version", "Statement"} and statements
        known = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
        fits = fits and all(set(item) <= known and item["Effect"] in ("Allow", "Deny") for item in statements)
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise Refused(400, "Malformed identity policy")
    return text


@contextmanager
def vast_stub(gateway: VersityGateway, *, tls: ssl.SSLContext | None = None) -> Iterator[VastStub]:
    """Serve VMS before a gateway; ends with a failure where it was asked what the documents do not know."""
    stub = VastStub(gateway=gateway)
    with serving(stub, tls=tls):
        yield stub
