"""Copies within one store: the bytes never leave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy is to be: its key and what is said of it; with `if_absent`, only where nothing is yet."""

    key: str
    content_type: str
    metadata: Mapping[str, str]
    if_absent: bool


@runtime_checkable
class CopyingStore(ObjectStore, Protocol):
    """A bucket into which its store copies objects of its other buckets."""

    @property
    def checksums_copies(self) -> bool:
        """Whether what the store says of a copy's bytes was computed of the copy."""
        ...

    def shares_store_with(self, other: ObjectStore) -> bool:
        """Tell whether `other` is a bucket of the same store, as far as addresses tell; nothing is asked."""
        ...

    def copy_from(self, other: ObjectStore, source: ListedObject, copy: Copied) -> None:
        """Have the store write the object `source` of `other` as `copy` says.

        Raises WriteConflict when `source` is another object by now, or when `if_absent` and somebody else was there
        first; StoreRefused where the store, or the key that is used here, does not do it.
        """
        ...
