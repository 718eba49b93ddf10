"""The cut into parts, and checksums of the whole from those of the parts."""

from __future__ import annotations

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.artifacts import parts
from pulumi_modelstore_provider.artifacts.checksums import (
    composite_crc32,
    multipart_etag,
    whole_crc32,
    whole_crc32c,
)
from pulumi_modelstore_provider.artifacts.parts import MIB, plan_parts
from pulumi_modelstore_provider.artifacts.verification import compare
from pulumi_modelstore_provider.crc32 import crc32_text, crc32_value
from pulumi_modelstore_provider.stores.part_sums import sum_of
from pulumi_modelstore_provider.stores.protocol import StoreSums


@given(st.integers(0, parts.LARGEST_OBJECT))
def test_plan_keeps_the_limits(size: int) -> None:
    plan = plan_parts(size)
    assert 1 <= plan.count <= parts.MOST_PARTS
    assert 8 * MIB <= plan.part_size <= parts.LARGEST_PART
    assert plan.part_size % MIB == 0
    assert plan.size_of(plan.count) + (plan.count - 1) * plan.part_size == size
    assert plan.size_of(0) == plan.size_of(plan.count + 1) == 0


@given(st.integers(0, 1 << 32))
def test_parts_follow_each_other(size: int) -> None:
    end = 0
    for number, part in enumerate(plan_parts(size), start=1):
        assert (part.number, part.offset, part.size) == (number, end, plan_parts(size).size_of(number))
        end += part.size
    assert end == size


def test_more_than_ten_thousand_smallest_parts() -> None:
    at_limit = parts.SMALLEST_PART * parts.MOST_PARTS
    assert (plan_parts(at_limit).part_size, plan_parts(at_limit).count) == (parts.SMALLEST_PART, 10_000)
    beyond = plan_parts(at_limit + 1)
    assert beyond.part_size == parts.SMALLEST_PART + MIB
    assert beyond.count <= 10_000
    assert plan_parts(parts.LARGEST_OBJECT).count <= 10_000


@pytest.mark.parametrize("size", [-1, parts.LARGEST_OBJECT + 1])
def test_impossible_sizes(size: int) -> None:
    with pytest.raises(ValueError, match=r"negative|5 TiB"):
        plan_parts(size)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=8))
def test_whole_checksum_from_parts(blocks: list[bytes]) -> None:
    sums = [sum_of(block, ["md5"]) for block in blocks]
    assert whole_crc32(sums) == zlib.crc32(b"".join(blocks))


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=8))
def test_whole_castagnoli_checksum_from_parts(blocks: list[bytes]) -> None:
    sums = [sum_of(block, ["crc32c"]) for block in blocks]
    assert whole_crc32c(sums) == sum_of(b"".join(blocks), ["crc32c"]).crc32c


def test_what_stores_report() -> None:
    sums = [sum_of(block, ["md5"]) for block in (b"one", b"two")]
    md5s = b"".join(hashlib.md5(block, usedforsecurity=False).digest() for block in (b"one", b"two"))
    assert multipart_etag(sums) == f"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-2"
    assert multipart_etag([sum_of(b"one")]) is None
    assert composite_crc32(sums).endswith("-2")


@given(st.integers(0, 2**32 - 1))
def test_crc32_as_text(value: int) -> None:
    assert crc32_value(crc32_text(value)) == value


@pytest.mark.parametrize("text", [None, "", "AAAA-2", "not base64!", "AAAAAAAAAAA="])
def test_other_texts_are_no_crc32(text: str | None) -> None:
    assert crc32_value(text) is None


def test_comparison_says_by_what_and_whether() -> None:
    sums = [sum_of(b"one", ["md5"]), sum_of(b"two", ["md5"])]
    right = crc32_text(zlib.crc32(b"onetwo"))
    etag = multipart_etag(sums) or ""
    assert compare(sums, StoreSums(crc32=right, md5="")) == ("CRC32", True)
    assert compare(sums, StoreSums(crc32=crc32_text(1), md5=etag)) == ("CRC32", False)
    assert compare(sums, StoreSums(crc32=composite_crc32(sums), md5="")) == ("composite CRC32", True)
    assert compare(sums, StoreSums(crc32="AAAAAA==-2", md5=etag)) == ("composite CRC32", False)
    assert compare(sums, StoreSums(md5=etag)) == ("MD5", True)
    assert compare(sums, StoreSums(md5="encrypted")) == (None, None)
    one = [sum_of(b"one", ["md5"])]
    assert compare(one, StoreSums(md5=hashlib.md5(b"one").hexdigest())) == ("MD5", True)
