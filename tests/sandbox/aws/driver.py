"""Drives a provider as an engine does: check, then diff or create, with plain values in and out."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any

from pulumi.provider.experimental import provider as protocol

from pulumi_modelstore_sandbox.aws.properties import dressed, plain, secret_keys
from pulumi_modelstore_sandbox.aws.provider import AwsProvider


class Refused(Exception):
    """A check that failed: what is wrong, by property."""

    def __init__(self, failures: dict[str, str]) -> None:
        super().__init__(failures)
        self.failures = failures


@dataclass
class Resource:
    urn: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secrets: set[str] = field(default_factory=set)


class Driver:
    def __init__(self, **configuration: Any) -> None:
        self.provider = AwsProvider()
        self.configuration = configuration
        asyncio.run(self.provider.configure(protocol.ConfigureRequest({}, dressed(configuration), True, True)))

    def check_config(self) -> dict[str, str]:
        request = protocol.CheckRequest(
            "urn:pulumi:s::p::pulumi:providers:aws::x", {}, dressed(self.configuration), b""
        )
        response = asyncio.run(self.provider.check_config(request))
        return {failure.property: failure.reason for failure in response.failures or []}

    def check(
        self, token: str, name: str, inputs: dict[str, Any], old: dict[str, Any] | None = None, seed: bytes = b"seed"
    ) -> dict[str, Any]:
        urn = f"urn:pulumi:dev::project::component:x:Y${token}::{name}"
        request = protocol.CheckRequest(urn, dressed(old or {}), dressed(inputs), seed)
        response = asyncio.run(self.provider.check(request))
        if response.failures:
            raise Refused({failure.property: failure.reason for failure in response.failures})
        return plain(response.inputs or {})

    def preview(self, token: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        checked = self.check(token, name, inputs)
        urn = f"urn:pulumi:dev::project::{token}::{name}"
        response = asyncio.run(self.provider.create(protocol.CreateRequest(urn, dressed(checked), 0, True)))
        assert response.resource_id == ""
        return plain(response.properties)

    def create(self, token: str, name: str, inputs: dict[str, Any]) -> Resource:
        checked = self.check(token, name, inputs, seed=os.urandom(32))
        urn = f"urn:pulumi:dev::project::{token}::{name}"
        response = asyncio.run(self.provider.create(protocol.CreateRequest(urn, dressed(checked), 0, False)))
        return Resource(
            urn, response.resource_id or "", checked, plain(response.properties), secret_keys(response.properties)
        )

    def diff(self, resource: Resource, inputs: dict[str, Any]) -> protocol.DiffResponse:
        token, name = resource.urn.split("::")[2:]
        checked = self.check(token, name, inputs, resource.inputs)
        request = protocol.DiffRequest(resource.urn, resource.id, dressed(resource.outputs), dressed(checked), [])
        return asyncio.run(self.provider.diff(request))

    def update(self, resource: Resource, inputs: dict[str, Any], *, preview: bool = False) -> Resource:
        token, name = resource.urn.split("::")[2:]
        checked = self.check(token, name, inputs, resource.inputs)
        olds = dressed(resource.outputs, resource.secrets)
        request = protocol.UpdateRequest(resource.urn, resource.id, olds, dressed(checked), 0, [], preview)
        response = asyncio.run(self.provider.update(request))
        return Resource(
            resource.urn, resource.id, checked, plain(response.properties), secret_keys(response.properties)
        )

    def read(self, resource: Resource) -> Resource | None:
        olds = dressed(resource.outputs, resource.secrets)
        request = protocol.ReadRequest(resource.urn, resource.id, olds, dressed(resource.inputs))
        response = asyncio.run(self.provider.read(request))
        if not response.resource_id:
            return None
        return Resource(
            resource.urn,
            response.resource_id,
            plain(response.inputs),
            plain(response.properties),
            secret_keys(response.properties),
        )

    def import_(self, token: str, identity: str) -> Resource | None:
        return self.read(Resource(f"urn:pulumi:dev::project::{token}::imported", identity, {}, {}))

    def delete(self, resource: Resource) -> None:
        request = protocol.DeleteRequest(resource.urn, resource.id, dressed(resource.outputs, resource.secrets), 0)
        asyncio.run(self.provider.delete(request))

    def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        response = asyncio.run(self.provider.invoke(protocol.InvokeRequest(token, dressed(arguments))))
        return plain(response.return_value or {})
