"""The SDK's gRPC face of a provider, with errors as a user should read them and schemas answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime import proto

from pulumi_modelstore_sandbox.engine.providers.failure import Unimplemented, from_exception

_METHODS: Final = (
    *("CheckConfig", "DiffConfig", "Configure", "Invoke"),
    *("Check", "Diff", "Create", "Read", "Update", "Delete"),
)


class PluginServicer(ProviderServicer):
    """Answers the Pulumi CLI. An error is its message alone: the SDK would add a traceback to it."""

    def __init__(self, package: str, version: str, provider: Provider, engine_address: str) -> None:
        super().__init__([], version, provider, engine_address)
        self._package = package
        for method in _METHODS:
            setattr(self, method, _with_plain_errors(getattr(self, method)))

    async def GetSchema(self, request: proto.GetSchemaRequest, context: Any) -> proto.GetSchemaResponse:  # noqa: ARG002, N802 - the protocol's
        """Answer the least that is a schema: programs bring the real provider's own types."""
        return proto.GetSchemaResponse(schema=json.dumps({"name": self._package, "version": self._version}))


def _with_plain_errors(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def answered(request: Any, context: Any) -> Any:
        try:
            return await method(request, context)
        except Exception as error:  # noqa: BLE001 - whatever it is, the engine is told
            failed = from_exception(error)
        code = grpc.StatusCode.UNIMPLEMENTED if isinstance(failed, Unimplemented) else grpc.StatusCode.UNKNOWN
        return await context.abort(code, failed.message)

    return answered
