"""How a file is cut into parts: the same cut in every run and on every machine, so that an upload can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MIB = 1 << 20
SMALLEST_PART = 16 * MIB
"""Bytes; a file of as many has one part. S3 allows 5 MiB, but below 8 MiB the requests cost more than the bytes."""

MOST_PARTS = 10_000
LARGEST_OBJECT = 5 * (1 << 40)
LARGEST_PART = 5 * (1 << 30)
"""Limits of a multipart upload: S3 user guide, "Amazon S3 multipart upload limits"."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `number` from 1, `offset` and `size` in bytes."""

    number: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class PartPlan:
    """The cut of a file of `size` bytes: equal parts of `part_size`, the last one shorter or equal."""

    size: int
    part_size: int

    @property
    def count(self) -> int:
        """The number of parts, at least one."""
        return max(1, -(-self.size // self.part_size))

    def __iter__(self) -> Iterator[Part]:
        for number in range(1, self.count + 1):
            offset = (number - 1) * self.part_size
            yield Part(number, offset, min(self.part_size, self.size - offset))

    def size_of(self, number: int) -> int:
        """Return the bytes of part `number`; 0 for a number that the plan does not have."""
        if not 1 <= number <= self.count:
            return 0
        return min(self.part_size, self.size - (number - 1) * self.part_size)


def plan_parts(size: int) -> PartPlan:
    """Return the cut for a file of `size` bytes; it depends on the size alone.

    Parts are 16 MiB, and larger by whole MiB where 10,000 of them would not do. Raises ValueError for a negative size
    and above 5 TiB, the largest object that S3 takes.
    """
    if size < 0:
        raise ValueError("a size cannot be negative")
    if size > LARGEST_OBJECT:
        raise ValueError(f"an object has at most 5 TiB; this file has {size / (1 << 40):.2f} TiB: split it")
    needed = -(-size // MOST_PARTS)
    return PartPlan(size, max(SMALLEST_PART, -(-needed // MIB) * MIB))
