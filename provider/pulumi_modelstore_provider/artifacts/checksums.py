"""Checksums of a file from those of its parts, as stores report them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from zlib_ng import zlib_ng

from pulumi_modelstore_provider.stores.part_sums import PartSum

_CASTAGNOLI = 0x82F63B78
"""The polynomial of CRC32C, reflected."""


def whole_crc32(parts: Iterable[PartSum]) -> int:
    """Return the CRC32 of the parts' bytes one after the other, without those bytes."""
    whole = 0
    for part in parts:
        whole = zlib_ng.crc32_combine(whole, part.crc32, part.size)
    return whole


def whole_crc32c(parts: Iterable[PartSum]) -> int | None:
    """Return the same of the Castagnoli polynomial; None if that of a part is unknown."""
    whole = 0
    for part in parts:
        if part.crc32c is None:
            return None
        whole = combined_crc32c(whole, part.crc32c, part.size)
    return whole


def composite_crc32(parts: Sequence[PartSum]) -> str:
    """Return what stores report when they check parts only: the CRC32 of the parts' CRC32s, with their number."""
    digest = zlib_ng.crc32(b"".join(part.crc32.to_bytes(4, "big") for part in parts))
    return f"{base64.b64encode(digest.to_bytes(4, 'big')).decode('ascii')}-{len(parts)}"


def multipart_etag(parts: Sequence[PartSum]) -> str | None:
    """Return the ETag of a multipart upload: the MD5 of the parts' MD5s and their number; None if one is unknown."""
    digests = [part.md5 for part in parts]
    known = [digest for digest in digests if digest is not None]
    if len(known) != len(digests):
        return None
    return f"{hashlib.md5(b''.join(known), usedforsecurity=False).hexdigest()}-{len(parts)}"


def combined_crc32c(first: int, second: int, second_size: int) -> int:
    """Return the CRC32C of two blocks in a row, from the CRC32C of each and the size of the second in bytes.

    Appending n zero bytes to the first block multiplies its remainder by x^(8n) modulo the polynomial.
    """
    return _multiplied(_power_of_x(8 * second_size), first) ^ second


def _multiplied(a: int, b: int) -> int:
    """Multiply two remainders; bit 31 is the coefficient of x^0, as the sum is reflected."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = (b >> 1) ^ _CASTAGNOLI if b & 1 else b >> 1
    return product


def _power_of_x(exponent: int) -> int:
    """Return x^exponent modulo the polynomial, by squaring."""
    result, square = 1 << 31, 1 << 30
    while exponent:
        if exponent & 1:
            result = _multiplied(result, square)
        square = _multiplied(square, square)
        exponent >>= 1
    return result
