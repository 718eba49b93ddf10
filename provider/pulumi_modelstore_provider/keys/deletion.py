"""Waits until a key that was deleted is of no use: stores answer before all their servers know."""

from __future__ import annotations

import time
from collections.abc import Callable

from pulumi_modelstore_provider.errors import ModelstoreError

PATIENCE = 30.0
"""Seconds; far more than a store's servers need to tell each other."""

_FIRST_PAUSE = 0.1


def await_gone(
    is_there: Callable[[], bool],
    *,
    still: str,
    since: str = "its deletion",
    on: str,
    remedy: str,
    patience: float = PATIENCE,
    longest_pause: float = 2.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Ask `is_there` until it says no, with pauses that double.

    Args:
        is_there: whether the key is there, or works.
        still: what is wrong where it is after all that time, such as `The access key A is still there`.
        since: what the time is counted from, for the message.
        on: where.
        remedy: what the user can do.
        patience: seconds between the tries, in all.
        longest_pause: seconds.
        sleep: waits, in seconds.

    Raises:
        ModelstoreError: `patience` is used up.
    """
    waited, pause = 0.0, _FIRST_PAUSE
    while is_there():
        if waited >= patience:
            raise ModelstoreError(f"{still} {waited:.0f} s after {since}", on=on, remedy=remedy)
        sleep(pause)
        waited, pause = waited + pause, min(2 * pause, longest_pause)
