"""Stores whose management is a stub before a real gateway, as their tests see them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from pulumi_modelstore_provider.keys.issuers import issuer_settings
from pulumi_modelstore_provider.keys.protocol import KeyIssuer, NewKey, Scope
from servers.versitygw import VersityGateway
from stubs.management import Answer, ManagementStub, Request
from stubs.vast import VastStub
from stubs.weka import WekaStub

ADMINISTRATOR = "APPLIANCE"


@dataclass
class Appliance:
    """One store.

    Args:
        stub: its management.
        gateway: its data.
        settings: of the issuer.
        environment: the administrator's credentials.
        makes_key: whether a request is the one that makes a key.
        live_keys: ids of the keys that exist.
    """

    stub: ManagementStub
    gateway: VersityGateway
    settings: dict[str, Any]
    environment: dict[str, str] = field(repr=False)
    makes_key: Callable[[Request], bool]
    live_keys: Callable[[], set[str]]

    def issuer(self, **changes: Any) -> KeyIssuer:
        return issuer_settings(self.settings | changes).open(None)

    def bucket(self) -> str:
        """A new bucket with an object `a`, and one under `team/`."""
        name = f"appliance-{uuid.uuid4().hex[:10]}"
        client = self.gateway.client()
        client.create_bucket(Bucket=name)
        for key in ("a", "team/a"):
            client.put_object(Bucket=name, Key=key, Body=b"content")
        return name

    def reads(self, key: NewKey, bucket: str, name: str = "a") -> bool:
        """Whether the key reads an object; any refusal but one of access fails the test."""
        return self._may(key, lambda client: client.get_object(Bucket=bucket, Key=name))

    def writes(self, key: NewKey, bucket: str, name: str) -> bool:
        return self._may(key, lambda client: client.put_object(Bucket=bucket, Key=name, Body=b"new"))

    def lists(self, key: NewKey, bucket: str) -> bool:
        return self._may(key, lambda client: client.list_objects_v2(Bucket=bucket))

    def _may(self, key: NewKey, call: Callable[[Any], Any]) -> bool:
        client = self.gateway.client(key=(key.access_key_id, key.secret_access_key))
        try:
            call(client)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("AccessDenied", "InvalidAccessKeyId"):
                raise
            return False
        return True

    def lose_answers(self) -> None:
        """Break the connection after a key was made, until `keep_answers`."""
        self.stub.after = lambda request, answer: None if self.makes_key(request) else answer

    def keep_answers(self) -> None:
        self.stub.after = lambda request, answer: answer

    def throttle(self, times: int) -> list[Request]:
        """Answer 429 to that many requests; they are in the list."""
        throttled: list[Request] = []

        def early(request: Request) -> Answer | None:
            if len(throttled) >= times:
                return None
            throttled.append(request)
            return Answer(429, {"message": "slow down"})

        self.stub.before = early
        return throttled


def vast(gateway: VersityGateway, stub: VastStub) -> Appliance:
    return Appliance(
        stub,
        gateway,
        {"kind": "vast-s3", "vms": stub.url, "tenant": "ai", "credentials": f"env:{ADMINISTRATOR}"},
        _pair(stub.user, stub.password),
        makes_key=lambda request: request.method == "POST" and request.path.endswith("/access_keys/"),
        live_keys=stub.key_ids,
    )


def weka(gateway: VersityGateway, stub: WekaStub) -> Appliance:
    return Appliance(
        stub,
        gateway,
        {"kind": "weka-s3", "api": stub.url, "credentials": f"env:{ADMINISTRATOR}"},
        _pair(stub.s3_user, stub.s3_password),
        makes_key=lambda request: request.method == "POST" and request.path.endswith("/serviceAccounts"),
        live_keys=lambda: set(stub.accounts),
    )


def _pair(name: str, password: str) -> dict[str, str]:
    return {f"{ADMINISTRATOR}_ACCESS_KEY_ID": name, f"{ADMINISTRATOR}_SECRET_ACCESS_KEY": password}


def key_inputs(appliance: Appliance, principal: str, scope: Scope, slot: str, generation: int) -> Mapping[str, Any]:
    """What the resource `StoreAccessKey` is given."""
    return {
        "issuer": appliance.settings,
        "principal": principal,
        "bucket": scope.bucket,
        "prefix": scope.prefix,
        "readOnly": scope.read_only,
        "slot": slot,
        "generation": generation,
        "namespace": "models",
    }
