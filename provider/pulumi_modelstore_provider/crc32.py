"""CRC32 as stores write it: four bytes, big end first, in base64."""

from __future__ import annotations

import base64
import binascii


def crc32_text(value: int) -> str:
    """Return a CRC32, of whichever polynomial, as stores write it."""
    return binascii.b2a_base64(value.to_bytes(4, "big"), newline=False).decode("ascii")


def crc32_value(text: str | None) -> int | None:
    """Read a CRC32 as stores write it; None for anything that is none (one of parts' CRC32s, too)."""
    try:
        raw = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(raw, "big") if len(raw) == 4 else None
