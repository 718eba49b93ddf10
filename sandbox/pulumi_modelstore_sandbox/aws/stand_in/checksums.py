"""The checksum of a completed multipart upload, from its parts' files."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pulumi_modelstore_sandbox.aws.stand_in.bodies import BodyFile

Checksum = tuple[str, str, int]


def multipart_checksum(parts: Sequence[BodyFile], algorithm: str | None, kind: str | None) -> Checksum | None:
    """Return (type, base64 value, parts), as S3 reports them; None for an algorithm that cannot be computed here.

    CRC64NVME and CRC32C need packages that are not installed with the sandbox: none is better than a wrong one.
    """
    digest = _DIGESTS.get(algorithm or "")
    if digest is None:
        return None
    # S3's own default: a composite checksum, unless the upload asked for one of the full object.
    if kind == "FULL_OBJECT":
        value = digest(chunk for part in parts for chunk in part.chunks())
        return "FULL_OBJECT", base64.b64encode(value).decode(), 1
    value = digest(digest(part.chunks()) for part in parts)
    return "COMPOSITE", base64.b64encode(value).decode(), len(parts)


def _crc32(chunks: Iterable[bytes]) -> bytes:
    value = 0
    for chunk in chunks:
        value = zlib.crc32(chunk, value)
    return value.to_bytes(4, "big")


def _hashed(name: str) -> Callable[[Iterable[bytes]], bytes]:
    def digest(chunks: Iterable[bytes]) -> bytes:
        value = hashlib.new(name, usedforsecurity=False)
        for chunk in chunks:
            value.update(chunk)
        return value.digest()

    return digest


_DIGESTS: Final[dict[str, Callable[[Iterable[bytes]], bytes]]] = {
    "CRC32": _crc32,
    "SHA1": _hashed("sha1"),
    "SHA256": _hashed("sha256"),
}
