"""What a version consists of: its files by path, size and digest, and one digest over all of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TypeAlias

from pulumi_modelstore_provider.artifacts.sizes import human_size

MOST_FILES_IN_INPUTS = 256
"""Above this many files the stack's inputs hold the tree digest, count and bytes; the list is in the manifest."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LISTED = re.compile(r"(sha256:[0-9a-f]{64})(?: \([^()]*\))?")
_SUMMARY_KEYS = {"tree", "files", "bytes"}

FilesInput: TypeAlias = Mapping[str, str]
"""`{path: "sha256:<hex> (14.2 GB)"}`, or `{"tree": "sha256:<hex>", "files": "300", "bytes": "14.2 GB"}`."""


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """One file: `path` relative with forward slashes, `size` in bytes, `digest` as `sha256:<hex>`."""

    path: str
    size: int
    digest: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise ValueError(f"the digest of {self.path!r} is not sha256:<64 hex digits>")
        if self.size < 0:
            raise ValueError(f"the size of {self.path!r} is negative")


def tree_digest(digests: Mapping[str, str]) -> str:
    """Return one digest of many files, from `{path: "sha256:<hex>"}`, as `sha256:<hex>`.

    Hashed are, for each file in the order of the UTF-8 bytes of its path: the hex digits, two spaces, the path in UTF-8
    and a NUL byte. These are the bytes that `sha256sum --zero` prints, so that a shell can recompute it.
    """
    whole = hashlib.sha256()
    # The code points of names are in the order of their UTF-8 bytes.
    for path in sorted(digests):
        whole.update(digests[path].removeprefix("sha256:").encode("ascii") + b"  " + path.encode("utf-8") + b"\0")
    return f"sha256:{whole.hexdigest()}"


@dataclass(frozen=True)
class Content:
    """The files of one version, in the order of their paths' UTF-8 bytes.

    `ignored` are paths in the source that are no part of it (a `.git` folder, say); they count for nothing here.
    """

    files: tuple[FileEntry, ...]
    ignored: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.files, key=attrgetter("path")))
        object.__setattr__(self, "files", ordered)
        if len({entry.path for entry in ordered}) != len(ordered):
            raise ValueError("two files of one version have the same path")

    @cached_property
    def tree_digest(self) -> str:
        """The digest over all files, as `sha256:<hex>`; see `tree_digest()` for the bytes that are hashed."""
        return tree_digest(self.digests)

    @property
    def digests(self) -> dict[str, str]:
        """`{path: "sha256:<hex>"}`."""
        return {entry.path: entry.digest for entry in self.files}

    @property
    def total_bytes(self) -> int:
        """The sum of the files' sizes."""
        return sum(entry.size for entry in self.files)

    @property
    def default_version(self) -> str:
        """The version of a model that names none: the first 12 hex digits of the tree digest."""
        return self.tree_digest.removeprefix("sha256:")[:12]

    @property
    def empty_files(self) -> tuple[str, ...]:
        """Paths of files without a byte: KServe's storage initializer does not download those."""
        return tuple(entry.path for entry in self.files if entry.size == 0)

    def warnings(self) -> list[str]:
        """Return what a user should know and need not change."""
        found = []
        if self.empty_files:
            found.append(
                f"KServe's storage initializer skips files without content: {_few(self.empty_files)} will be in the "
                "store but not in the pod"
            )
        if self.ignored:
            found.append(f"not part of the artifact: {_few(self.ignored)}")
        return found

    def as_inputs(self) -> dict[str, str]:
        """Return the content as a resource input that previews as one line a file; a summary above 256 files."""
        if len(self.files) > MOST_FILES_IN_INPUTS:
            return {
                "tree": self.tree_digest,
                "files": str(len(self.files)),
                "bytes": f"{self.total_bytes} ({human_size(self.total_bytes)})",
            }
        return {entry.path: f"{entry.digest} ({human_size(entry.size)})" for entry in self.files}

    def manifest_json(self, *, model: str, version: str) -> str:
        """Return the manifest's text: the same for the same content, whoever writes it and when."""
        # Inside the function because the manifest's module imports this one.
        from pulumi_modelstore_provider.artifacts.manifest import Manifest

        return Manifest(model=model, version=version, content=self).to_json()


def _few(paths: tuple[str, ...], most: int = 5) -> str:
    shown = ", ".join(paths[:most])
    return f"{shown} and {len(paths) - most} more" if len(paths) > most else shown


def is_summary(files: FilesInput) -> bool:
    """Tell whether `files` is the short form for many files rather than a list of paths."""
    return set(files) == _SUMMARY_KEYS and files["files"].isdecimal()


def declared_tree(files: FilesInput) -> str:
    """Return the tree digest that a `files` input declares. Raises ValueError when it is not such an input."""
    problems = files_problems(files)
    if problems:
        raise ValueError("; ".join(f"{path}: {problem}" if path else problem for path, problem in problems.items()))
    if is_summary(files):
        return files["tree"]
    return tree_digest(declared_digests(files))


def declared_digests(files: FilesInput) -> dict[str, str]:
    """Return `{path: "sha256:<hex>"}` of the long form, without the sizes that are there for the reader."""
    return {path: value.split(" ", 1)[0] for path, value in files.items()}


def files_problems(files: FilesInput) -> dict[str, str]:
    """Return what is wrong with a `files` input, by path; the empty path stands for the whole."""
    if not files:
        return {"": "an artifact needs at least one file"}
    if is_summary(files):
        return {} if _DIGEST.fullmatch(files["tree"]) else {"tree": "not sha256:<64 hex digits>"}
    return {path: "not sha256:<64 hex digits> (size)" for path, value in files.items() if not _LISTED.fullmatch(value)}
