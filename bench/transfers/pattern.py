"""The content of the files that are sent: cheap to write, and the same that the null sink sends to who downloads them.

Blocks of 1 MiB without a pattern of their own, alike but for 16 bytes at their head: the block's number and the CRC32
of the file's name, so that no two files and no two blocks are the same.
"""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

MIB = 1 << 20
_HEAD = 16


def block() -> bytes:
    """The block that all files are made of; the same in each run."""
    return random.Random(20240320).randbytes(MIB)


def write(path: Path, size: int, base: bytes) -> None:
    """Write a file of `size` bytes."""
    name = zlib.crc32(path.name.encode())
    with path.open("wb") as file:
        for number in range(-(-size // MIB)):
            head = struct.pack("<QQ", number, name)
            file.write((head + base[_HEAD:])[: size - number * MIB])
