"""What every kind of provider offers to the engine: the methods of Pulumi's provider protocol."""

from __future__ import annotations

import asyncio
import datetime
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, runtime_checkable

from google.protobuf import struct_pb2
from google.protobuf.message import Message


class Host(Protocol):
    """A provider that answers the messages of `pulumi.runtime.proto.provider_pb2`, from any thread."""

    def call(self, method: str, request: Message) -> Any:
        """Answer one request (`Check`, `Create`, ...). Raises ProviderFailed, or Unimplemented."""
        ...

    def close(self) -> None:
        """Give back what the provider holds; no call follows."""
        ...


@runtime_checkable
class UndoingHost(Protocol):
    """A host whose provider may know what a creation makes."""

    undoes: bool
    """Whether it does."""

    def remove_unfinished(
        self, urn: str, inputs: struct_pb2.Struct, began: datetime.datetime, recorded: frozenset[str]
    ) -> str | None:
        """Remove what a creation made that an interrupted run began, and return its name. Raises ProviderFailed."""
        ...


_LOCAL = threading.local()
_LOOPS: list[asyncio.AbstractEventLoop] = []


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end on this thread's own loop, so that calls from several threads run at once."""
    loop: asyncio.AbstractEventLoop | None = getattr(_LOCAL, "loop", None)
    if loop is None or loop.is_closed():
        loop = _LOCAL.loop = asyncio.new_event_loop()
        _LOOPS.append(loop)
    return loop.run_until_complete(coroutine)


def close_loops() -> None:
    """Close the loops that no thread is running; a later `run` makes another."""
    for loop in list(_LOOPS):
        if not loop.is_running():
            loop.close()
            _LOOPS.remove(loop)
