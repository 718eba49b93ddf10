"""Google Cloud's resource types that the components use, made on the tests' emulator of it.

The arguments are those of pulumi_gcp's classes, so that a name which the real plugin would refuse is refused here too.
A conditional role needs uniform bucket-level access, as Google's own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, ClassVar

from pulumi._types import input_type_py_to_pulumi_names

from standins.plugin import Properties, StandInType

ENDPOINT_VARIABLE = "GCP_STAND_IN_ENDPOINT"
KEY_VARIABLE = "GCS_SECRET_ACCESS_KEY"
PROJECT_VARIABLE = "GCP_STAND_IN_PROJECT"
_LOCATION_OF_NOTHING = "US"


class GoogleRefused(Exception):
    """The emulator refused a request."""


@cache
def _session() -> Any:
    from google.auth.transport.requests import AuthorizedSession
    from google.oauth2 import service_account

    key = json.loads(os.environ[KEY_VARIABLE])
    return AuthorizedSession(
        service_account.Credentials.from_service_account_info(
            key, scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
    )


def _ask(method: str, path: str, body: Any = None, *, absent: Any = None, **query: str) -> Any:
    """Send one request; `absent` is what stands for 404, where that is no error."""
    answer = _session().request(method, f"{os.environ[ENDPOINT_VARIABLE]}{path}", json=body, params=query, timeout=30)
    if answer.status_code == 404 and absent is not None:
        return absent
    if not answer.ok:
        raise GoogleRefused(f"{method} {path}: {answer.status_code} {answer.json()['error']['message']}")
    return answer.json() if answer.content else {}


def _arguments_of(module: str, name: str) -> frozenset[str]:
    """The inputs of a class of pulumi_gcp, by their names on the wire."""
    # In this order: importing a submodule first would leave the package without its names.
    import_module("pulumi_gcp")
    found = getattr(import_module(f"pulumi_gcp.{module}"), f"{name}Args")
    return frozenset(input_type_py_to_pulumi_names(found).values())


def _project(inputs: Mapping[str, Any]) -> str:
    return str(inputs.get("project") or os.environ[PROJECT_VARIABLE])


def _gone(path: str, **query: str) -> bool:
    return _ask("GET", path, absent=False, **query) is False


class Bucket(StandInType):
    token: ClassVar[str] = "gcp:storage/bucket:Bucket"
    arguments: ClassVar[frozenset[str]] = _arguments_of("storage", "Bucket")
    required: ClassVar[frozenset[str]] = frozenset({"location"})
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "location", "project"})
    outputs: ClassVar[tuple[str, ...]] = ("selfLink", "url")

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["name"]
        _ask("POST", "/storage/v1/b", {"name": name, **_settings(inputs)}, project=_project(inputs))
        return name, inputs | _computed(name)

    def read(self, identity: str, state: Properties) -> Properties | None:
        found = _ask("GET", f"/storage/v1/b/{identity}", absent=False)
        if found is False:
            return None
        return {
            "name": identity,
            "location": found.get("location", _LOCATION_OF_NOTHING),
            **state,
            **_computed(identity),
        }

    def update(self, identity: str, state: Properties, inputs: Properties) -> Properties:
        _ask("PATCH", f"/storage/v1/b/{identity}", _settings(inputs))
        return inputs | _computed(identity)

    def delete(self, identity: str, state: Properties) -> None:
        if _ask("GET", f"/storage/v1/b/{identity}/o", absent={}).get("items"):
            raise GoogleRefused(f"the bucket {identity} is not empty, and forceDestroy is false")
        _ask("DELETE", f"/storage/v1/b/{identity}", absent={})


def _settings(inputs: Properties) -> dict[str, Any]:
    """A bucket's settings in the form of the JSON API."""
    log = inputs.get("logging")
    rules = [
        {"action": rule["action"], "condition": _condition(rule["condition"])}
        for rule in inputs.get("lifecycleRules") or []
    ]
    return {
        "location": inputs["location"],
        "lifecycle": {"rule": rules},
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": bool(inputs.get("uniformBucketLevelAccess"))},
            "publicAccessPrevention": inputs.get("publicAccessPrevention", "inherited"),
        },
        "logging": {"logBucket": log["logBucket"], "logObjectPrefix": log.get("logObjectPrefix")} if log else None,
    }


def _condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    given = {"matchesPrefix" if name == "matchesPrefixes" else name: value for name, value in condition.items()}
    return given | ({"age": int(given["age"])} if "age" in given else {})


def _computed(bucket: str) -> Properties:
    return {"url": f"gs://{bucket}", "selfLink": f"{os.environ[ENDPOINT_VARIABLE]}/storage/v1/b/{bucket}"}


class Account(StandInType):
    token: ClassVar[str] = "gcp:serviceaccount/account:Account"
    arguments: ClassVar[frozenset[str]] = _arguments_of("serviceaccount", "Account")
    required: ClassVar[frozenset[str]] = frozenset({"accountId"})
    replaces: ClassVar[frozenset[str]] = frozenset({"accountId", "project"})
    outputs: ClassVar[tuple[str, ...]] = ("email", "member", "name", "uniqueId")

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        made = _ask("POST", f"/v1/projects/{_project(inputs)}/serviceAccounts", {"accountId": inputs["accountId"]})
        email = made["email"]
        computed = {"email": email, "member": f"serviceAccount:{email}", "name": made["name"], "uniqueId": email}
        return made["name"], inputs | computed

    def read(self, identity: str, state: Properties) -> Properties | None:
        return None if _gone(f"/v1/{identity}") else state

    def update(self, identity: str, state: Properties, inputs: Properties) -> Properties:
        return {**state, **inputs}

    def delete(self, identity: str, state: Properties) -> None:
        _ask("DELETE", f"/v1/{identity}", absent={})


class BucketIamMember(StandInType):
    token: ClassVar[str] = "gcp:storage/bucketIAMMember:BucketIAMMember"
    arguments: ClassVar[frozenset[str]] = _arguments_of("storage", "BucketIAMMember")
    required: ClassVar[frozenset[str]] = frozenset({"bucket", "role", "member"})
    replaces: ClassVar[frozenset[str]] = arguments
    outputs: ClassVar[tuple[str, ...]] = ("etag",)

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        bindings = _bindings(inputs["bucket"])
        if inputs.get("condition") and not _has_uniform_access(inputs["bucket"]):
            raise GoogleRefused("conditions need uniform bucket-level access")
        if _binding(inputs) not in bindings:
            _set_bindings(inputs["bucket"], [*bindings, _binding(inputs)])
        return "/".join((inputs["bucket"], inputs["role"], inputs["member"])), inputs | {"etag": "CAE="}

    def read(self, identity: str, state: Properties) -> Properties | None:
        return state if _binding(state) in _bindings(state["bucket"]) else None

    def delete(self, identity: str, state: Properties) -> None:
        rest = [binding for binding in _bindings(state["bucket"]) if binding != _binding(state)]
        _set_bindings(state["bucket"], rest)


def _binding(inputs: Properties) -> dict[str, Any]:
    condition = inputs.get("condition")
    return {"role": inputs["role"], "members": [inputs["member"]]} | ({"condition": condition} if condition else {})


def _bindings(bucket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _ask("GET", f"/storage/v1/b/{bucket}/iam", absent={"bindings": []})["bindings"]
    return found


def _set_bindings(bucket: str, bindings: list[dict[str, Any]]) -> None:
    _ask("PUT", f"/storage/v1/b/{bucket}/iam", {"version": 3, "bindings": bindings})


def _has_uniform_access(bucket: str) -> bool:
    settings = _ask("GET", f"/storage/v1/b/{bucket}").get("iamConfiguration", {})
    return bool(settings.get("uniformBucketLevelAccess", {}).get("enabled"))


TYPES: Mapping[str, StandInType] = {kind.token: kind for kind in (Bucket(), Account(), BucketIamMember())}
