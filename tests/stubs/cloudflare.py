"""Cloudflare's API, version 4, from its OpenAPI document and the documentation of R2: buckets, lifecycles, tokens.

Data goes to a real gateway. R2's secret key is the SHA-256 of a token's value, which nobody can choose: so the key that
the gateway has issued for a token is given the token's id and that secret, in the gateway's own file of users.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from servers.versitygw import VersityGateway
from stubs.gateway_keys import GatewayKeys
from stubs.management import Answer, ManagementStub, Operation, Refused, Request, serving

ACCOUNT = "0123456789abcdef0123456789abcdef"
JURISDICTIONS = ("default", "eu", "fedramp")

_READ = ["s3:GetObject"]
_WRITE = [*_READ, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
_LIST = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
_GROUPS = {
    "6a018a9f2fc74eb6b293b0c548f38b39": ("bucket", _READ),
    "2efd5506f9c8494dacb1fa10a3e7d5b6": ("bucket", _WRITE),
    "b4992e1108244f5d8bfbd5744320c2e1": ("account", [*_READ, "s3:ListAllMyBuckets"]),
    "bf7481a1826f439697cb59a20b22293e": ("account", [*_WRITE, "s3:ListAllMyBuckets"]),
}
_PER_PAGE = (5, 50)
_LONGEST_NAME = 120
_ONE_BUCKET = re.compile(r"com\.cloudflare\.edge\.r2\.bucket\.([0-9a-f]{32})_([a-z]+)_([a-z0-9-]+)")


@dataclass
class CloudflareStub(ManagementStub):
    """One account. The bucket names of its jurisdictions share one gateway."""

    gateway: VersityGateway | None = field(default=None, repr=False)
    api_token: str = field(default="cloudflare-api-token-of-the-tests", repr=False)
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By jurisdiction and name: `default/models`."""
    lifecycles: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    name: ClassVar[str] = "Cloudflare's API"

    def __post_init__(self) -> None:
        assert self.gateway is not None
        self._gateway = self.gateway
        self._keys = GatewayKeys(self.gateway)

    def operations(self) -> Sequence[Operation]:
        account = "/client/v4/accounts/{}"
        bucket, token = f"{account}/r2/buckets/{{}}", f"{account}/tokens/{{}}"
        bucket_fields: dict[str, Any] = {"name": str, "locationHint": str, "storageClass": str}
        token_fields: dict[str, Any] = {
            "name": str,
            "policies": list,
            "condition": dict,
            "expires_on": str,
            "not_before": str,
        }
        named = frozenset({"name", "policies"})
        return [
            Operation(
                "POST", f"{account}/r2/buckets", self._add_bucket, body=bucket_fields, required=frozenset({"name"})
            ),
            Operation("GET", bucket, self._get_bucket),
            Operation("GET", f"{bucket}/lifecycle", self._get_lifecycle),
            Operation("PUT", f"{bucket}/lifecycle", self._set_lifecycle, body={"rules": list}),
            Operation(
                "GET", f"{account}/tokens", self._list_tokens, query=frozenset({"page", "per_page", "direction"})
            ),
            Operation("POST", f"{account}/tokens", self._add_token, body=token_fields, required=named),
            Operation("PUT", token, self._change_token, body={**token_fields, "status": str}, required=named),
            Operation("DELETE", token, self._delete_token),
        ]

    def authenticate(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.api_token}":
            raise Refused(403, "Authentication error", code=10000)
        if request.path.split("/")[4] != ACCOUNT:
            raise Refused(404, "Could not route to the account", code=7003)

    def refusal(self, error: Refused) -> Answer:
        errors = [{"code": error.code or 1001, "message": error.message}]
        return Answer(error.status, {"success": False, "errors": errors, "messages": [], "result": None})

    def make_bucket(self, bucket: str, place: str = "default") -> None:
        """As in the dashboard."""
        with self.lock:
            self._gateway.client().create_bucket(Bucket=bucket)
            self.buckets[f"{place}/{bucket}"] = {"name": bucket, "jurisdiction": place, "location": "WEUR"}

    def forget_bucket(self, bucket: str) -> None:
        """After the bucket was deleted in the dashboard."""
        self.buckets.pop(f"default/{bucket}", None)

    def remove_token(self, token: str) -> None:
        """As in the dashboard; one that is gone is no error."""
        with self.lock:
            if self.tokens.pop(token, None) is not None:
                self._keys.remove_account(token)

    def _place(self, request: Request) -> str:
        place = request.headers.get("cf-r2-jurisdiction", "default")
        if place not in JURISDICTIONS:
            raise self._violation(request, 400, f"unknown jurisdiction {place}")
        return place

    def _found(self, request: Request, bucket: str) -> dict[str, Any]:
        found = self.buckets.get(f"{self._place(request)}/{bucket}")
        if found is None:
            raise Refused(404, "The specified bucket does not exist.", code=10006)
        return found

    def _add_bucket(self, request: Request, _account: str) -> Answer:
        bucket, place = request.body["name"], self._place(request)
        if f"{place}/{bucket}" in self.buckets:
            message = "The bucket you tried to create already exists, and you own it."
            raise Refused(409, message, code=10004)
        self.make_bucket(bucket, place)
        made = self.buckets[f"{place}/{bucket}"]
        made["location"] = request.body.get("locationHint", "WEUR").upper()
        return _result(made)

    def _get_bucket(self, request: Request, _account: str, bucket: str) -> Answer:
        return _result(self._found(request, bucket))

    def _get_lifecycle(self, request: Request, _account: str, bucket: str) -> Answer:
        self._found(request, bucket)
        return _result({"rules": self.lifecycles.get(f"{self._place(request)}/{bucket}", [])})

    def _set_lifecycle(self, request: Request, _account: str, bucket: str) -> Answer:
        self._found(request, bucket)
        known = {"id", "enabled", "conditions", "abortMultipartUploadsTransition"}
        for rule in request.body["rules"]:
            if set(rule) - known:
                raise self._violation(request, 400, f"unknown fields of a rule {sorted(set(rule) - known)}")
        self.lifecycles[f"{self._place(request)}/{bucket}"] = request.body["rules"]
        return _result({})

    def add_token(self, name: str, policies: list[dict[str, Any]]) -> tuple[str, str]:
        """As in the dashboard: its id and its value."""
        with self.lock:
            token, value = secrets.token_hex(16), secrets.token_urlsafe(30)
            self._keys.add_account(token)
            self._keys.set_policies(token, _documents(policies))
            self._rename(self._keys.add_key(token)[0], token, hashlib.sha256(value.encode()).hexdigest())
            self.tokens[token] = {"id": token, "status": "active", "name": name, "policies": _shown(policies)}
        return token, value

    def _list_tokens(self, request: Request, _account: str) -> Answer:
        page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "20"))
        if page < 1 or not _PER_PAGE[0] <= size <= _PER_PAGE[1]:
            raise self._violation(request, 400, f"page {page} of {size} tokens")
        found = [*self.tokens.values()]
        shown = found[(page - 1) * size : page * size]
        info = {"page": page, "per_page": size, "count": len(shown), "total_count": len(found)}
        return _result(shown, info)

    def _add_token(self, request: Request, _account: str) -> Answer:
        self._check_token(request)
        token, value = self.add_token(request.body["name"], request.body["policies"])
        return _result(self.tokens[token] | {"value": value})

    def _change_token(self, request: Request, _account: str, token: str) -> Answer:
        if token not in self.tokens:
            raise Refused(404, "Token not found", code=1003)
        self._check_token(request)
        self._keys.set_policies(token, _documents(request.body["policies"]))
        # What the request does not name is lost.
        policies = {"policies": _shown(request.body["policies"])}
        self.tokens[token] = {"id": token, "status": "active", **request.body, **policies}
        return _result(self.tokens[token])

    def _delete_token(self, _request: Request, _account: str, token: str) -> Answer:
        if token not in self.tokens:
            raise Refused(404, "Token not found", code=1003)
        self.remove_token(token)
        return _result({"id": token})

    def _check_token(self, request: Request) -> None:
        if len(request.body["name"]) > _LONGEST_NAME:
            raise Refused(400, "Invalid token name", code=1001)
        for policy in request.body["policies"]:
            if set(policy) != {"effect", "permission_groups", "resources"} or policy["effect"] != "allow":
                raise self._violation(request, 400, "a policy of another form")
            for group in policy["permission_groups"]:
                if set(group) != {"id"} or group["id"] not in _GROUPS:
                    raise Refused(400, "Permission group not found", code=1001)
            for resource in policy["resources"]:
                self._check_resource(request, resource, policy)

    def _check_resource(self, request: Request, resource: str, policy: dict[str, Any]) -> None:
        kinds = {_GROUPS[group["id"]][0] for group in policy["permission_groups"]}
        if resource == f"com.cloudflare.api.account.{ACCOUNT}" and kinds == {"account"}:
            return
        found = _ONE_BUCKET.fullmatch(resource)
        if found is None or found[1] != ACCOUNT or found[2] not in JURISDICTIONS or kinds != {"bucket"}:
            raise self._violation(request, 400, f"groups of {kinds} do not go with the resource {resource}")

    def _rename(self, key_id: str, new_id: str, secret: str) -> None:
        path = self._gateway.folder / "iam" / "iam.json"
        users = json.loads(path.read_text())
        owner = users["accessKeyIndex"].pop(key_id)
        users["accessKeyIndex"][new_id] = owner
        (entry,) = (key for key in _entries(users["users"][owner]) if key["AccessKeyId"] == key_id)
        entry |= {"AccessKeyId": new_id, "SecretAccessKey": secret}
        changed = path.with_suffix(".changed")
        changed.write_text(json.dumps(users))
        changed.replace(path)


def _entries(user: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(value for name, value in user.items() if name.lower() == "accesskeys")
    return found


def _documents(policies: list[dict[str, Any]]) -> dict[str, Any]:
    """A token's policies in the gateway's language."""
    return {f"policy-{number}": _document(policy) for number, policy in enumerate(policies)}


def _document(policy: dict[str, Any]) -> dict[str, Any]:
    actions = [*_LIST, *(action for group in policy["permission_groups"] for action in _GROUPS[group["id"]][1])]
    found = [_ONE_BUCKET.fullmatch(resource) for resource in policy["resources"]]
    buckets = ["*" if one is None else one[3] for one in found]
    places = [f"arn:aws:s3:::{bucket}{part}" for bucket in buckets for part in ("", "/*")]
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": places}]}


def _shown(policies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Policies as the API shows them: each has an id, each permission group a name."""
    return [
        {
            **policy,
            "id": secrets.token_hex(16),
            "permission_groups": [
                {"id": group["id"], "name": f"Workers R2 Storage {group['id'][:4]}"}
                for group in policy["permission_groups"]
            ],
        }
        for policy in policies
    ]


def _result(content: Any, info: dict[str, int] | None = None) -> Answer:
    envelope = {"success": True, "errors": [], "messages": [], "result": content}
    return Answer(200, envelope | ({"result_info": info} if info else {}))


@contextmanager
def cloudflare_stub(gateway: VersityGateway) -> Iterator[CloudflareStub]:
    """Serve the API before a gateway of its own; ends with a failure where it was asked what nobody documents."""
    stub = CloudflareStub(gateway=gateway)
    with serving(stub):
        yield stub
