"""Checksums of a file from those of its parts, as stores report them."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Sequence

from pulumi_modelstore_provider.stores.part_sums import PartSum

_POLYNOMIAL = 0xEDB88320
_CASTAGNOLI = 0x82F63B78


def whole_crc32(parts: Iterable[PartSum]) -> int:
    """Return the CRC32 of the parts' bytes one after the other, without those bytes."""
    whole = 0
    for part in parts:
        whole = combined_crc32(whole, part.crc32, part.size)
    return whole


def whole_crc32c(parts: Iterable[PartSum]) -> int | None:
    """Return the same of the Castagnoli polynomial; None if that of a part is unknown."""
    whole = 0
    for part in parts:
        if part.crc32c is None:
            return None
        whole = combined_crc32(whole, part.crc32c, part.size, polynomial=_CASTAGNOLI)
    return whole


def composite_crc32(parts: Sequence[PartSum]) -> str:
    """Return what stores report when they check parts only: the CRC32 of the parts' CRC32s, with their number."""
    digest = zlib.crc32(b"".join(part.crc32.to_bytes(4, "big") for part in parts))
    return f"{base64.b64encode(digest.to_bytes(4, 'big')).decode('ascii')}-{len(parts)}"


def multipart_etag(parts: Sequence[PartSum]) -> str | None:
    """Return the ETag of a multipart upload: the MD5 of the parts' MD5s and their number; None if one is unknown."""
    digests = [part.md5 for part in parts]
    known = [digest for digest in digests if digest is not None]
    if len(known) != len(digests):
        return None
    return f"{hashlib.md5(b''.join(known), usedforsecurity=False).hexdigest()}-{len(parts)}"


def combined_crc32(first: int, second: int, second_size: int, *, polynomial: int = _POLYNOMIAL) -> int:
    """Return the CRC32 of two blocks in a row, from the CRC32 of each and the size of the second in bytes.

    `polynomial` is given reflected, as the CRC32s are computed.

    Appending n zero bytes to the first block multiplies its remainder by x^(8n) modulo the polynomial.
    """
    if not first:
        return second
    return _multiplied(_power_of_x(8 * second_size, polynomial), first, polynomial) ^ second


def _multiplied(a: int, b: int, polynomial: int) -> int:
    """Multiply two remainders; bit 31 is the coefficient of x^0, as CRC32 is reflected."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = (b >> 1) ^ polynomial if b & 1 else b >> 1
    return product


def _power_of_x(exponent: int, polynomial: int) -> int:
    """Return x^exponent modulo the polynomial, by squaring."""
    result, square = 1 << 31, 1 << 30
    while exponent:
        if exponent & 1:
            result = _multiplied(result, square, polynomial)
        square = _multiplied(square, square, polynomial)
        exponent >>= 1
    return result
