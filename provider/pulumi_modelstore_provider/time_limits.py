"""How long a store is waited for and how often it is asked, for all clients of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Limits of one request.

    Args:
        connect: seconds until an address counts as unreachable.
        read: seconds without a byte of an answer.
        attempts: how often a request is sent at most; clients wait longer before each.
    """

    connect: float = 10.0
    read: float = 60.0
    attempts: int = 4


USUAL = TimeLimits()
"""Enough for a slow store far away."""

_limits: ContextVar[TimeLimits] = ContextVar("time_limits", default=USUAL)


def time_limits() -> TimeLimits:
    """Return what a client that is made now keeps to."""
    return _limits.get()


@contextmanager
def limited(limits: TimeLimits) -> Iterator[None]:
    """Have clients that are made inside the block keep to `limits`: a check has less patience than an upload."""
    before = _limits.set(limits)
    try:
        yield
    finally:
        _limits.reset(before)
