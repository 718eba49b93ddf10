"""Stands in for Cloudflare's plugin: the types of R2, by the calls that the real one makes.

`CLOUDFLARE_BASE_URL` says where the API is, `CLOUDFLARE_API_TOKEN` is the stack's.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from standins.plugin import Properties, StandInType

_SECONDS = 30


class NotThere(Exception):
    """Cloudflare answered 404."""


def api(method: str, path: str, body: Any = None, *, jurisdiction: str | None = None) -> Any:
    """The result of one call; raises what Cloudflare said."""
    headers = {"Authorization": f"Bearer {os.environ['CLOUDFLARE_API_TOKEN']}", "Content-Type": "application/json"}
    if jurisdiction and jurisdiction != "default":
        headers["cf-r2-jurisdiction"] = jurisdiction
    request = urllib.request.Request(
        f"{os.environ['CLOUDFLARE_BASE_URL']}{path}",
        method=method,
        headers=headers,
        data=None if body is None else json.dumps(body).encode(),
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return json.load(answer)["result"]
    except urllib.error.HTTPError as error:
        said = "; ".join(f"{item['message']} ({item['code']})" for item in json.load(error)["errors"])
        raise (NotThere if error.code == 404 else RuntimeError)(f"{method} {path}: {said}") from None


class R2Bucket(StandInType):
    token = "cloudflare:index/r2Bucket:R2Bucket"
    arguments = frozenset({"accountId", "name", "jurisdiction", "location", "storageClass"})
    required = frozenset({"accountId", "name"})
    replaces = frozenset({"accountId", "name", "jurisdiction", "location"})
    outputs = ("creationDate",)

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        hints = {"locationHint": inputs.get("location"), "storageClass": inputs.get("storageClass")}
        body = {"name": inputs["name"], **{name: hint for name, hint in hints.items() if hint is not None}}
        place = inputs.get("jurisdiction")
        api("POST", f"/accounts/{inputs['accountId']}/r2/buckets", body, jurisdiction=place)
        return inputs["name"], {**inputs, "creationDate": "2026-01-01T00:00:00.000Z"}

    def read(self, identity: str, state: Properties) -> Properties | None:
        account, bucket, place = state.get("accountId"), state.get("name"), state.get("jurisdiction")
        if not state:
            # An import or `get`: the id has the parts.
            account, bucket, place = identity.split("/")
        try:
            found = api("GET", f"/accounts/{account}/r2/buckets/{bucket}", jurisdiction=place)
        except NotThere:
            return None
        if state:
            return state
        return {
            "accountId": account,
            "name": found["name"],
            "jurisdiction": found["jurisdiction"],
            "location": found["location"],
        }

    def delete(self, identity: str, state: Properties) -> None:
        api("DELETE", f"/accounts/{state['accountId']}/r2/buckets/{state['name']}")


class R2BucketLifecycle(StandInType):
    token = "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle"
    arguments = frozenset({"accountId", "bucketName", "jurisdiction", "rules"})
    required = frozenset({"accountId", "bucketName"})
    replaces = frozenset({"accountId", "bucketName", "jurisdiction"})

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        body = {"rules": [_rule(rule) for rule in inputs["rules"]]}
        api("PUT", self._path(inputs), body, jurisdiction=inputs.get("jurisdiction"))
        return inputs["bucketName"], inputs

    def read(self, identity: str, state: Properties) -> Properties | None:
        try:
            api("GET", self._path(state), jurisdiction=state.get("jurisdiction"))
        except NotThere:
            return None
        return state

    def update(self, identity: str, state: Properties, inputs: Properties) -> Properties:
        return self.create(inputs)[1]

    def delete(self, identity: str, state: Properties) -> None:
        """The real plugin leaves the rules too: the API has no call for it."""

    def _path(self, inputs: Properties) -> str:
        return f"/accounts/{inputs['accountId']}/r2/buckets/{inputs['bucketName']}/lifecycle"


def _rule(rule: Properties) -> Properties:
    """A rule as the API has it; seconds are whole numbers there."""
    condition = rule["abortMultipartUploadsTransition"]["condition"]
    return {
        "id": rule["id"],
        "enabled": rule["enabled"],
        "conditions": rule["conditions"],
        "abortMultipartUploadsTransition": {
            "condition": {"type": condition["type"], "maxAge": int(condition["maxAge"])}
        },
    }


TYPES: Mapping[str, StandInType] = {kind.token: kind for kind in (R2Bucket(), R2BucketLifecycle())}
