"""Requests of stores whose SDK returns when all is done: nothing is sent ahead of an answer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

from pulumi_modelstore_provider.stores.protocol import PutReceipt
from pulumi_modelstore_provider.stores.started import Started


class _Store(Protocol):
    put: Callable[..., PutReceipt]
    read_into: Callable[..., None]


class InTurn:
    """Gives a store that has `put` and `read_into` what the protocol wants beside them."""

    def start_read(self: _Store, key: str, buffer: memoryview, *, etag: str | None = None) -> Started[None]:
        """Leave it to `finish` to do what `read_into` does from the object's beginning on."""
        return Started(functools.partial(self.read_into, key, 0, buffer, etag=etag))

    def start_put(self: _Store, key: str, body: memoryview, **what: Any) -> Started[PutReceipt]:
        """Leave it to `finish` to do what `put` does with these arguments."""
        return Started(functools.partial(self.put, key, body, **what))
