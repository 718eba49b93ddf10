"""Values that may be known only when the stack runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeGuard, TypeVar

import pulumi

T = TypeVar("T")
R = TypeVar("R")


def is_plain(value: pulumi.Input[T]) -> TypeGuard[T]:
    """Whether the value is known while the program runs, and so can be checked there."""
    return not isinstance(value, pulumi.Output | Awaitable)


def derive(function: Callable[..., R], *values: Any) -> pulumi.Input[R]:
    """`function` of the values: a plain result where all are plain, so that a preview shows it, else an output."""
    if all(is_plain(value) for value in values):
        return function(*values)
    return pulumi.Output.all(*values).apply(lambda known: function(*known))


def given_ones(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are not None."""
    return {key: value for key, value in values.items() if value is not None}
