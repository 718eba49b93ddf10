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
        token_fields: dict[str, Any] = {"name": str, "policies": list, "condition": dict, "expires_on": str}
        return [
            Operation(
                "POST", f"{account}/r2/buckets", self._add_bucket, body=bucket_fields, required=frozenset({"name"})
            ),
            Operation("GET", bucket, self._get_bucket),
            Operation("GET", f"{bucket}/lifecycle", self._get_lifecycle),
            Operation("PUT", f"{bucket}/lifecycle", self._set_lifecycle, body={"rules": list}),
            Operation(
                "POST",
                f"{account}/tokens",
                self._add_token,
                body=token_fields,
                required=frozenset({"name", "policies"}),
            ),
            Operation("GET", token, self._get_token),
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

    def _add_token(self, request: Request, _account: str) -> Answer:
        documents = {f"policy-{number}": self._policy(request, item) for number, item in _numbered(request)}
        token, value = secrets.token_hex(16), secrets.token_urlsafe(30)
        self._keys.add_account(token)
        self._keys.set_policies(token, documents)
        self._rename(self._keys.add_key(token)[0], token, hashlib.sha256(value.encode()).hexdigest())
        shown = {"id": token, "status": "active", "name": request.body["name"], "policies": request.body["policies"]}
        self.tokens[token] = shown
        return _result(shown | {"value": value})

    def _get_token(self, _request: Request, _account: str, token: str) -> Answer:
        if token not in self.tokens:
            raise Refused(404, "Token not found", code=1003)
        return _result(self.tokens[token])

    def _delete_token(self, _request: Request, _account: str, token: str) -> Answer:
        if token not in self.tokens:
            raise Refused(404, "Token not found", code=1003)
        self.remove_token(token)
        return _result({"id": token})

    def _policy(self, request: Request, policy: dict[str, Any]) -> dict[str, Any]:
        """A token's policy in the gateway's language."""
        if set(policy) != {"effect", "permission_groups", "resources"} or policy["effect"] != "allow":
            raise self._violation(request, 400, "a policy of another form")
        actions: list[str] = [*_LIST]
        for group in policy["permission_groups"]:
            if set(group) != {"id"} or group["id"] not in _GROUPS:
                raise Refused(400, "Permission group not found", code=1001)
            actions += _GROUPS[group["id"]][1]
        buckets = [self._bucket_of(request, name, policy) for name in policy["resources"]]
        places = [f"arn:aws:s3:::{bucket}{part}" for bucket in buckets for part in ("", "/*")]
        statement = {"Effect": "Allow", "Action": actions, "Resource": places}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def _bucket_of(self, request: Request, resource: str, policy: dict[str, Any]) -> str:
        kinds = {_GROUPS[group["id"]][0] for group in policy["permission_groups"]}
        if resource == f"com.cloudflare.api.account.{ACCOUNT}" and kinds == {"account"}:
            return "*"
        found = _ONE_BUCKET.fullmatch(resource)
        if found is None or found[1] != ACCOUNT or found[2] not in JURISDICTIONS or kinds != {"bucket"}:
            raise self._violation(request, 400, f"groups of {kinds} do not go with the resource {resource}")
        return found[3]

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


def _numbered(request: Request) -> list[tuple[int, Any]]:
    return [*enumerate(request.body["policies"])]


def _result(content: Any) -> Answer:
    return Answer(200, {"success": True, "errors": [], "messages": [], "result": content})


@contextmanager
def cloudflare_stub(gateway: VersityGateway) -> Iterator[CloudflareStub]:
    """Serve the API before a gateway of its own; ends with a failure where it was asked what nobody documents."""
    stub = CloudflareStub(gateway=gateway)
    with serving(stub):
        yield stub
