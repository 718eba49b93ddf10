"""Ids of access policies: `<consumer>:<slot>:<generation>:<random>`, so that a policy says whose key it is."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from pulumi_modelstore_provider.keys.protocol import Slot

LONGEST_ID = 64
"""Characters of a policy's id (Define a stored access policy, Azure Storage documentation)."""

_LONGEST_PRINCIPAL = 43
"""What `:even:`, a generation of six digits, a colon and eight digits leave of them."""


def principal_name(consumer: str) -> str:
    """Return how ids name a consumer: a name that is too long is cut, and told from others by its digest."""
    if len(consumer) <= _LONGEST_PRINCIPAL:
        return consumer
    digest = hashlib.sha256(consumer.encode()).hexdigest()[:8]
    return f"{consumer[: _LONGEST_PRINCIPAL - 9]}-{digest}"


def keys_of(principal: str, policies: Iterable[str]) -> list[str]:
    """Return those of the ids that are the principal's: no name of a component has a colon."""
    return [key for key in policies if key.startswith(f"{principal}:")]


def place(principal: str, slot: Slot, generation: int) -> str:
    """Return what the ids of all keys of that slot and generation begin with."""
    return f"{principal}:{slot}:{generation}:"


def new_key_id(principal: str, slot: Slot, generation: int) -> str:
    """Return an id for a new key.

    The random part makes a key that is deleted and declared again another one: without it, the old token would be good
    again.
    """
    return f"{place(principal, slot, generation)}{secrets.token_hex(4)}"
