"""Which paths of a source are taken: shell patterns, as huggingface_hub reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def chosen(paths: Iterable[str], *, allow: Sequence[str], ignore: Sequence[str]) -> list[str]:
    """Return the paths that match one of `allow` (any, where it is empty) and none of `ignore`, in their order.

    `*` also matches slashes; a pattern that ends in a slash means all below it.
    """
    allowed, ignored = _whole(allow), _whole(ignore)
    return [path for path in paths if (not allowed or _matches(path, allowed)) and not _matches(path, ignored)]


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _whole(patterns: Sequence[str]) -> list[str]:
    return [f"{pattern}*" if pattern.endswith("/") else pattern for pattern in patterns]
