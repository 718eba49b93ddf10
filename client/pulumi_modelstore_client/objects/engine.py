"""What an engine of the object store has to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from pulumi_modelstore_client.location import Location


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it: its key in the store, bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


class ObjectEngine(Protocol):
    """One store. Keys are those in the store and were checked before; a failure is a StoreError."""

    def put(self, key: str, data: bytes | Path | BinaryIO, content_type: str | None) -> None:
        """Write an object in the place of what is there; files in parts."""
        ...

    def get(self, key: str) -> bytes:
        """Read an object; NotInStore where there is none."""
        ...

    def download(self, key: str, path: Path) -> None:
        """Read an object into a file, which is whole or not there; NotInStore where there is none."""
        ...

    def delete(self, key: str) -> None:
        """Delete an object; that it is not there does no harm."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Each object whose key begins so, sorted by key."""
        ...

    def url(self, key: str, seconds: int) -> str:
        """Where anybody reads the object for so many seconds."""
        ...

    def public_url(self, key: str) -> str:
        """Where anybody reads the object of a public store."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def store_prefix(place: Location) -> str:
    """What the store's keys begin with in the bucket; it ends in a slash, or is empty."""
    path = place.url.path.strip("/")
    return f"{path}/" if path else ""
