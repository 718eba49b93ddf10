"""Names of blocks: all that is known of an unfinished upload is in them.

The service has no uploads that are begun: there are blocks, uncommitted, of a blob that may not exist yet, and metadata
and content type come with the commit. So a block's id says whose upload it is of, its number and its content's MD5, and
an upload begins with header blocks, whose ids hold what the commit needs. They are one byte each and never committed.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ID_LENGTH = 64
"""Characters of an id before its base64: the most that there may be (Put Block), and one blob's are of one length."""

_UPLOAD_LENGTH = 16
_PAYLOAD_LENGTH = ID_LENGTH - 1 - _UPLOAD_LENGTH - 4
_MOST_PIECES = 99
_PART = re.compile(r"p([0-9a-f]{16})(\d{5})([0-9a-f]{32})-*")
_HEADER = re.compile(r"h([0-9a-f]{16})(\d\d)(\d\d)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PartId:
    """What a part's id says: upload, number from 1, MD5 of the content in hex."""

    upload: str
    number: int
    md5: str

    def __str__(self) -> str:
        return f"p{self.upload}{self.number:05d}{self.md5}".ljust(ID_LENGTH, "-")


@dataclass(frozen=True, slots=True)
class BlobHeader:
    """What an object is to have when it is committed."""

    content_type: str
    metadata: Mapping[str, str]


def new_upload() -> str:
    """Return an upload's name: younger ones come later in the alphabet."""
    return f"{int(time.time()):08x}{secrets.token_hex(4)}"


def parse_part(block_id: str) -> PartId | None:
    """Return what the id says; None for a header's and for another program's."""
    found = _PART.fullmatch(block_id)
    return PartId(found[1], int(found[2]), found[3]) if found else None


def upload_of(block_id: str) -> str | None:
    """Return the upload that a block is of; None for another program's."""
    found = _PART.fullmatch(block_id) or _HEADER.fullmatch(block_id)
    return found[1] if found and len(block_id) == ID_LENGTH else None


def header_ids(upload: str, header: BlobHeader) -> list[str]:
    """Return the ids of the blocks that an upload begins with."""
    text = json.dumps([header.content_type, dict(header.metadata)], separators=(",", ":"))
    pieces = [text[start : start + _PAYLOAD_LENGTH] for start in range(0, len(text), _PAYLOAD_LENGTH)]
    if len(pieces) > _MOST_PIECES:
        raise ValueError("an object's metadata is too long")
    return [f"h{upload}{number:02d}{len(pieces):02d}{piece}".ljust(ID_LENGTH) for number, piece in enumerate(pieces)]


def read_header(upload: str, block_ids: Iterable[str]) -> BlobHeader | None:
    """Return what the header blocks among these say; None unless all of them are there."""
    pieces: dict[int, str] = {}
    count = 0
    for block_id in block_ids:
        found = _HEADER.fullmatch(block_id)
        if found and found[1] == upload:
            pieces[int(found[2])], count = found[4], int(found[3])
    if not count or sorted(pieces) != list(range(count)):
        return None
    try:
        content_type, metadata = json.loads("".join(pieces[number] for number in range(count)))
    except ValueError:
        return None
    return BlobHeader(content_type, metadata)
