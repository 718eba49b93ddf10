"""How long a store is waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Limits of one request.

    Args:
        connect: seconds until an address counts as unreachable.
        read: seconds without a byte of an answer.
        attempts: how often a request is sent at most; the client waits longer before each.
    """

    connect: float = 5.0
    read: float = 30.0
    attempts: int = 4


USUAL = TimeLimits()
"""Patient enough for a server that is being moved to another node."""
