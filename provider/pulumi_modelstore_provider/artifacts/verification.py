"""Tells, from what the store computed itself, whether it holds the bytes that were sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from pulumi_modelstore_provider.artifacts.checksums import PartSum, composite_crc32, multipart_etag, whole_crc32
from pulumi_modelstore_provider.s3.objects import Objects, crc32_text

Method: TypeAlias = Literal["CRC32", "composite CRC32", "ETag", "read back"]
"""How a file was verified; `read back` means that the store told nothing usable and the object was downloaded."""

SHA256_METADATA = "sha256"
"""`x-amz-meta-sha256`: what the writer says the object is, in hex."""


def compare(
    parts: Sequence[PartSum], *, crc32: str | None, etag: str, single_part: bool
) -> tuple[Method | None, bool | None]:
    """Compare the store's answer with our sums.

    Returns the method and whether it agrees; (None, None) when the store said nothing that can be compared. An ETag
    that differs proves nothing, since encrypting stores compute other ones.
    """
    if crc32 is not None:
        if "-" in crc32:
            return "composite CRC32", crc32 == composite_crc32(parts)
        return "CRC32", crc32 == crc32_text(whole_crc32(parts))
    expected = _single_etag(parts) if single_part else multipart_etag(parts)
    if expected is not None and etag == expected:
        return "ETag", True
    return None, None


def _single_etag(parts: Sequence[PartSum]) -> str | None:
    if len(parts) != 1 or parts[0].md5 is None:
        return None
    return parts[0].md5.hex()


def verify(
    objects: Objects,
    key: str,
    *,
    digest: str,
    parts: Callable[[bool], Sequence[PartSum]],
    crc32: str | None,
    etag: str,
    single_part: bool,
) -> Method | None:
    """Return the method by which the object was found to be right; None if it is not.

    `parts` gives our sums, with MD5 when asked (a second look at the file, if need be); `digest` is `sha256:<hex>`.
    """
    method, agrees = compare(parts(crc32 is None), crc32=crc32, etag=etag, single_part=single_part)
    if method is not None:
        return method if agrees else None
    whole = hashlib.sha256()
    for chunk in objects.stream(key):
        whole.update(chunk)
    return "read back" if f"sha256:{whole.hexdigest()}" == digest else None
