"""Tells, from what the store computed itself, whether it holds the bytes that were sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from typing import Literal, TypeAlias

from pulumi_modelstore_provider.artifacts.checksums import (
    composite_crc32,
    multipart_etag,
    whole_crc32,
    whole_crc32c,
)
from pulumi_modelstore_provider.crc32 import crc32_text
from pulumi_modelstore_provider.stores.part_sums import PartSum
from pulumi_modelstore_provider.stores.protocol import ObjectStore, StoreSums, SumKind

Method: TypeAlias = Literal["CRC32", "composite CRC32", "CRC32C", "MD5", "read back"]
"""How a file was verified; `read back` means that the store told nothing usable and the object was downloaded."""

SHA256_METADATA = "sha256"
"""`x-amz-meta-sha256`, or the like: what the writer says the object is, in hex."""


def comparable(sums: StoreSums) -> frozenset[SumKind]:
    """Return which of our sums are needed to compare with the store's, beside CRC32."""
    if sums.crc32 is not None:
        return frozenset()
    return frozenset({"crc32c"}) if sums.crc32c is not None else frozenset({"md5"})


def compare(parts: Sequence[PartSum], sums: StoreSums) -> tuple[Method | None, bool | None]:
    """Compare the store's sums with ours.

    Returns the method and whether it agrees; (None, None) when the store said nothing that can be compared. An MD5
    that differs proves nothing: it was read from an ETag, and encrypting stores compute other ones.
    """
    if sums.crc32 is not None:
        if "-" in sums.crc32:
            return "composite CRC32", sums.crc32 == composite_crc32(parts)
        return "CRC32", sums.crc32 == crc32_text(whole_crc32(parts))
    if sums.crc32c is not None:
        whole = whole_crc32c(parts)
        return ("CRC32C", sums.crc32c == crc32_text(whole)) if whole is not None else (None, None)
    if sums.md5 is not None and sums.md5 in (_single_md5(parts), multipart_etag(parts)):
        return "MD5", True
    return None, None


def _single_md5(parts: Sequence[PartSum]) -> str | None:
    if len(parts) != 1 or parts[0].md5 is None:
        return None
    return parts[0].md5.hex()


def verify(
    objects: ObjectStore,
    key: str,
    *,
    digest: str,
    parts: Callable[[Collection[SumKind]], Sequence[PartSum] | None],
    sums: StoreSums,
) -> Method | None:
    """Return the method by which the object was found to be right; None if it is not.

    `parts` gives our sums, those asked for among them (a second look at the file, if need be), or None where that
    would cost more than reading the object back; `digest` is `sha256:<hex>`.
    """
    ours = parts(comparable(sums))
    method, agrees = (None, None) if ours is None else compare(ours, sums)
    if method is not None:
        return method if agrees else None
    whole = hashlib.sha256()
    for chunk in objects.stream(key):
        whole.update(chunk)
    return "read back" if f"sha256:{whole.hexdigest()}" == digest else None
