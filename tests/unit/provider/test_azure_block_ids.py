"""Names of blocks, in which everything is that has to be known of an unfinished upload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.azure.block_ids import (
    ID_LENGTH,
    BlobHeader,
    PartId,
    header_ids,
    new_upload,
    parse_part,
    read_header,
    upload_of,
)

UPLOAD = "0123456789abcdef"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=4))
def test_header_comes_back_from_its_blocks(content_type: str, metadata: dict[str, str]) -> None:
    header = BlobHeader(content_type, metadata)
    ids = header_ids(UPLOAD, header)
    assert {len(block_id.encode()) for block_id in ids} == {ID_LENGTH}
    assert {upload_of(block_id) for block_id in ids} == {UPLOAD}
    others = [*header_ids("f" * 16, BlobHeader("other", {})), str(PartId(UPLOAD, 1, MD5)), "of another program"]
    assert read_header(UPLOAD, [*reversed(ids), *others]) == header


def test_header_without_one_of_its_blocks_is_none() -> None:
    ids = header_ids(UPLOAD, BlobHeader("a/b", {"sha256": "0" * 64}))
    assert len(ids) > 1
    for missing in range(len(ids)):
        assert read_header(UPLOAD, ids[:missing] + ids[missing + 1 :]) is None


@pytest.mark.parametrize("number", [1, 10_000, 50_000])
def test_part_comes_back_from_its_name(number: int) -> None:
    part = PartId(UPLOAD, number, MD5)
    assert len(str(part)) == ID_LENGTH
    assert parse_part(str(part)) == part
    assert upload_of(str(part)) == UPLOAD


@pytest.mark.parametrize("name", ["", "of-another-program", "p" * 64, f"p{UPLOAD}00001{MD5}", "h" + "0" * 63 + "0"])
def test_names_of_other_programs_are_of_no_upload(name: str) -> None:
    assert upload_of(name) is None


def test_metadata_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        header_ids(UPLOAD, BlobHeader("a/b", {"k": "v" * 5000}))


def test_uploads_have_names_of_their_own() -> None:
    names = {new_upload() for _ in range(100)}
    assert len(names) == 100
    assert {len(name) for name in names} == {16}
