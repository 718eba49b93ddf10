"""A provider whose calls block, made to answer several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from pulumi.provider.experimental import provider as protocol

from pulumi_modelstore_sandbox.engine.providers.host import run

_T = TypeVar("_T")


class Threaded(protocol.Provider):
    """Runs every call that may reach a server in a thread of its own."""

    def __init__(self, inner: protocol.Provider) -> None:
        self._inner = inner

    async def check_config(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Pass on."""
        return await _in_thread(self._inner.check_config(request))

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        """Pass on."""
        return await self._inner.configure(request)

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        """Pass on."""
        return await _in_thread(self._inner.invoke(request))

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Pass on."""
        return await _in_thread(self._inner.check(request))

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        """Pass on."""
        return await _in_thread(self._inner.diff(request))

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        """Pass on."""
        return await _in_thread(self._inner.create(request))

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """Pass on."""
        return await _in_thread(self._inner.read(request))

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        """Pass on."""
        return await _in_thread(self._inner.update(request))

    async def delete(self, request: protocol.DeleteRequest) -> None:
        """Pass on."""
        await _in_thread(self._inner.delete(request))

    async def cancel(self) -> None:
        """Pass on."""
        await self._inner.cancel()


async def _in_thread(call: Coroutine[Any, Any, _T]) -> _T:
    answer: _T = await asyncio.to_thread(run, call)
    return answer
