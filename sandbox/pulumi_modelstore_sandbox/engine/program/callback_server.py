"""The SDK's server for the callbacks of a program, which the SDK may stop while it starts: gRPC then crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pulumi.runtime import _callbacks

# What is replaced below is replaced as plain attributes of it.
_Server: Any = _callbacks._CallbackServicer


@contextmanager
def stopped_when_started() -> Iterator[None]:
    """Have each callback server started to the end before it is stopped, as long as the block runs.

    A program that ends with an error stops its servers at once, also the one that its first hook just asked for.
    """
    serve, shutdown = _Server.serve, _Server.__dict__["shutdown"]
    starting: set[asyncio.Task[None]] = set()

    async def start(server: Any) -> None:
        task = asyncio.ensure_future(serve(server))
        starting.add(task)
        await asyncio.shield(task)

    async def stop(servers: Any) -> None:
        await asyncio.gather(*starting, return_exceptions=True)
        await shutdown.__func__(servers)

    _Server.serve, _Server.shutdown = start, classmethod(stop)
    try:
        yield
    finally:
        _Server.serve, _Server.shutdown = serve, shutdown
