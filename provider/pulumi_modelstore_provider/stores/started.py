"""A request that is on its way while its sender does something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Started(NamedTuple, Generic[T]):
    """`finish` waits for the answer and returns what it says.

    `answered_on` is the file descriptor that becomes readable when an answer comes; None where `finish` does it all.
    """

    finish: Callable[[], T]
    answered_on: int | None = None
