"""What an engine of the key-value store has to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Space:
    """A namespace as the engine keeps it: a new one of the same name has another `id`, and none of the old data."""

    name: str
    id: str


class SpaceGone(Exception):
    """The namespace was deleted since it was looked up."""


class KeyValueEngine(Protocol):
    """One store. Names, keys and values were checked before; a failure is a StoreError, a lost namespace SpaceGone."""

    def create(self, name: str) -> Space:
        """Create a namespace, or return the one that is there."""
        ...

    def find(self, name: str) -> Space | None:
        """Look one up."""
        ...

    def names(self) -> list[str]:
        """All of them, sorted."""
        ...

    def remove(self, name: str) -> bool:
        """Delete one with its data, and finish earlier deletions that broke off; False where there was none."""
        ...

    def put(self, space: Space, key: bytes, value: bytes, seconds: float | None) -> None:
        """Write a key, which expires after so many seconds."""
        ...

    def get(self, space: Space, key: bytes) -> bytes | None:
        """Read a key."""
        ...

    def delete(self, space: Space, key: bytes) -> bool:
        """Delete a key; False where there was none."""
        ...

    def keys(self, space: Space) -> Iterator[bytes]:
        """Each key once, in no order; those that are written meanwhile may be missing."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
