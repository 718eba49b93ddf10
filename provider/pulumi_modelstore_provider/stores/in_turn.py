"""Writes of stores whose SDK returns when all is done: nothing is sent ahead of an answer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

from pulumi_modelstore_provider.stores.protocol import PutReceipt
from pulumi_modelstore_provider.stores.started import Started


class _Puts(Protocol):
    put: Callable[..., PutReceipt]


class PutsInTurn:
    """Gives a store that has `put` what the protocol wants beside it."""

    sends_ahead = False

    def start_put(self: _Puts, key: str, body: memoryview, **what: Any) -> Started[PutReceipt]:
        """Leave it to `finish` to do what `put` does with these arguments."""
        return Started(functools.partial(self.put, key, body, **what))
