"""Which file names can be an object's key and a file again at the other end."""

from __future__ import annotations

import re

LONGEST_KEY = 1024
"""Bytes of UTF-8 in an object key: the limit in the S3 user guide."""

_LONGEST_SEGMENT = 255
"""Bytes in one path segment: NAME_MAX of the file systems a pod writes to."""

_ODD_SEGMENT = re.compile(r"/\.{0,2}/")
_UNFIT_FOR_XML = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


def path_problems(path: str) -> list[str]:
    """Return why `path` (relative, forward slashes) can be no object key, or no file at the other end."""
    if path.isascii() and path.isprintable() and len(path) <= _LONGEST_SEGMENT and not _ODD_SEGMENT.search(f"/{path}/"):
        return []
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError:
        return ["the name is not UTF-8, which object keys are; rename it"]
    found = []
    if _UNFIT_FOR_XML.search(path):
        found.append("the name holds a control character, which S3's XML answers cannot carry; rename it")
    segments = path.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        found.append("the path is absolute or holds an empty, '.' or '..' segment")
    if any(len(segment.encode("utf-8")) > _LONGEST_SEGMENT for segment in segments):
        found.append(
            f"a part of the path is longer than {_LONGEST_SEGMENT} bytes, which no file system takes; shorten it"
        )
    if len(encoded) > LONGEST_KEY:
        found.append(f"the path has {len(encoded)} bytes, an object key at most {LONGEST_KEY}; shorten it")
    return found


def nesting_problems(paths: list[str]) -> list[str]:
    """Return paths that are a file and a folder at once (`a` and `a/b`): possible as keys, impossible as files."""
    known = set(paths)
    found = []
    for path in paths:
        above = path.rsplit("/", 1)[0] if "/" in path else ""
        while above:
            if above in known:
                found.append(f"{above!r} is a file and the folder of {path!r}")
            above = above.rsplit("/", 1)[0] if "/" in above else ""
    return found
