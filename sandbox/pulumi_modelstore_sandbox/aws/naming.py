"""Names: those given to what the program left unnamed, and what AWS accepts as one."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Iterator
from typing import Final

# pulumi-aws appends a hyphen and seven hexadecimal digits.
_SUFFIX_DIGITS: Final = 7

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_BUCKET_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def automatic_name(logical_name: str, previous: str | None, seed: bytes, *, limit: int, lower: bool = False) -> str:
    """Return a name for a resource that the program does not name.

    The one it had stays, where it was automatic too. `seed` is the engine's: the same seed gives the same name.
    """
    stem = (logical_name.lower() if lower else logical_name)[: limit - _SUFFIX_DIGITS - 1]
    if previous is not None and re.fullmatch(rf"{re.escape(stem)}-[0-9a-f]{{{_SUFFIX_DIGITS}}}", previous):
        return previous
    digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_SUFFIX_DIGITS)
    return f"{stem}-{digits[:_SUFFIX_DIGITS]}"


def bucket_name_problems(name: str) -> Iterator[str]:
    """Yield each rule of S3 that `name` breaks."""
    if not 3 <= len(name) <= 63:
        yield f"a bucket's name has 3 to 63 characters, {name!r} has {len(name)}"
    if invalid := sorted(set(re.findall(r"[^a-z0-9.-]", name))):
        yield f"a bucket's name has lower-case letters, digits, dots and hyphens, {name!r} has {' '.join(invalid)}"
    elif name and not (name[0].isalnum() and name[-1].isalnum()):
        yield f"a bucket's name starts and ends with a letter or digit, unlike {name!r}"
    if ".." in name:
        yield f"a bucket's name has no two dots in a row, unlike {name!r}"
    if _is_address(name):
        yield f"a bucket's name is not formatted as an IP address, unlike {name!r}"
    if name.startswith(_BUCKET_PREFIXES) or name.endswith(_BUCKET_SUFFIXES):
        reserved = ", ".join((*_BUCKET_PREFIXES, *_BUCKET_SUFFIXES))
        yield f"the bucket name {name!r} starts or ends with what S3 keeps for itself ({reserved})"


def iam_name_problems(kind: str, name: str, limit: int) -> Iterator[str]:
    """Yield each rule of IAM that `name` breaks; `kind` says what it names, `limit` is its length."""
    if not 1 <= len(name) <= limit:
        yield f"the name of {kind} has 1 to {limit} characters, {name!r} has {len(name)}"
    if invalid := sorted(set(re.findall(r"[^A-Za-z0-9_+=,.@-]", name))):
        yield f"the name of {kind} has letters, digits and _+=,.@-, {name!r} has {' '.join(invalid)}"


def path_problems(path: str) -> Iterator[str]:
    """Yield what is wrong with an IAM path."""
    if not re.fullmatch(r"/|/[\x21-\x7e]{1,510}/", path):
        yield f"an IAM path starts and ends with a slash and has at most 512 characters, unlike {path!r}"


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def made_from(found: str, name: str | None, prefix: str | None) -> bool:
    """Tell whether a name is the given one, or begins with the given prefix where there is no name."""
    return found == name if name else bool(prefix) and found.startswith(str(prefix))
