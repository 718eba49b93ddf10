"""What answers of web servers say and bring."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.errors import SourceChanged, StoreUnreachable

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_CHUNK = 1 << 20
_LONGEST_WAIT_SECONDS = 300.0
"""The window in which the Hugging Face hub counts requests (its documentation, "Rate limits")."""

_RESET = re.compile(r";\s*r=0\s*;\s*t=(\d+)")
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Extent:
    """What an answer says of the whole file: its size in bytes (None where it does not), and its strong ETag."""

    size: int | None
    etag: str | None


def extent(answer: BaseHTTPResponse) -> Extent:
    """Read the answer to a request for a range, whether the server has kept to the range or not."""
    tag = answer.headers.get("ETag")
    etag = tag if tag and not tag.startswith("W/") else None
    if answer.status in (206, 416):
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        return Extent(int(found[2]) if found and found[2] != "*" else None, etag)
    length = answer.headers.get("Content-Length", "")
    return Extent(int(length) if length.isdecimal() and not _is_encoded(answer) else None, etag)


def begins_at(answer: BaseHTTPResponse) -> int | None:
    """Return the offset of the answer's first byte; None where it does not say."""
    if answer.status != 206:
        return 0
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    return int(found[1]) if found and found[1] is not None else None


def fill(answer: BaseHTTPResponse, buffer: memoryview) -> int:
    """Read an answer's body into `buffer` until it is full or the answer ends or breaks off; return the bytes read."""
    import urllib3

    done = 0
    while done < len(buffer):
        try:
            piece = answer.read(min(_CHUNK, len(buffer) - done), decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError):
            return done
        if not piece:
            break
        buffer[done : done + len(piece)] = piece
        done += len(piece)
    return done


def asked_to_wait(answer: BaseHTTPResponse) -> float:
    """Return the seconds that a server wants to be left alone, five minutes at most."""
    told = answer.headers.get("Retry-After", "")
    spent = _RESET.search(answer.headers.get("RateLimit", ""))
    asked = float(told) if told.isdecimal() else float(spent[1]) if spent else 0.0
    return min(asked, _LONGEST_WAIT_SECONDS)


def changed(name: str, what: str) -> SourceChanged:
    """Return the error for a file that is not the one any more whose digest is known."""
    return SourceChanged(
        f"The file changed since the program ran: {what}",
        on=name,
        remedy="Preview again: the new content becomes a new version",
    )


def cut_off(name: str, why: str = "") -> StoreUnreachable:
    """Return the error for answers that break off and get no further."""
    return StoreUnreachable(
        "Cannot read the file",
        on=name,
        answer=f"cut off again and again{why}",
        remedy="Check the network and the server, then run again: what is already there is kept",
    )


def _is_encoded(answer: BaseHTTPResponse) -> bool:
    return answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity")
