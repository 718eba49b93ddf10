"""The text of the lock file: the same for the same content, one line a file or commit, so that a review shows changes.

All files are listed, however many: git is where their history is to be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.lock_entries import LockedSource, LockEntry, LockFile

LOCK_SCHEMA_VERSION = 1
"""Raised when a reader of the former schema would misunderstand the new one."""

_FILE = re.compile(r"(sha256:[0-9a-f]{64}) ([0-9]{1,20})")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)


def lock_text(lock: LockFile) -> str:
    """Return the file's text: sorted, one line a file, a newline at the end."""
    artifacts = {key: _document(entry) for key, entry in lock.entries.items()}
    document = {"schemaVersion": LOCK_SCHEMA_VERSION, "artifacts": artifacts}
    if lock.revisions:
        document["revisions"] = dict(lock.revisions)
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def parse_lock(text: str | bytes) -> LockFile:
    """Read a lock file's text. Raises ValueError when it is none, of a newer schema, or contradicts itself."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    if _CONFLICT.search(text):
        raise ValueError("it holds the marks of an unresolved merge")
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - a bad document is a bad value to the caller
    schema = document.get("schemaVersion")
    if schema != LOCK_SCHEMA_VERSION:
        raise ValueError(f"its schemaVersion is {schema!r}, and this release reads {LOCK_SCHEMA_VERSION}")
    try:
        entries = [_entry(str(key), value) for key, value in document["artifacts"].items()]
        revisions = {str(name): _commit(name, commit) for name, commit in document.get("revisions", {}).items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a field is missing or of the wrong kind: {error}") from None
    return LockFile({entry.key: entry for entry in entries}, revisions)


def _document(entry: LockEntry) -> dict[str, Any]:
    document: dict[str, Any] = {
        "model": entry.model,
        "digest": entry.content.tree_digest,
        "sources": [
            {
                "declared": dict(source.declared),
                "pinned": dict(source.pinned),
                "files": {file.path: f"{file.digest} {file.size}" for file in source.content.files},
            }
            for source in entry.sources
        ],
    }
    if entry.earlier:
        document["earlier"] = dict(entry.earlier)
    return document if entry.version is None else document | {"version": entry.version}


def _entry(key: str, value: Mapping[str, Any]) -> LockEntry:
    namespace, separator, artifact = key.partition("/")
    if not separator:
        raise ValueError(f"{key!r} is not <namespace>/<artifact>")
    version = value.get("version")
    sources = tuple(_source(item) for item in value["sources"])
    earlier = {str(name): int(size) for name, size in value.get("earlier", {}).items()}
    version = None if version is None else str(version)
    entry = LockEntry(namespace, artifact, str(value["model"]), version, sources, earlier)
    if value["digest"] != entry.content.tree_digest:
        raise ValueError(f"the digest of {key!r} is not the digest of its files")
    return entry


def _source(value: Mapping[str, Any]) -> LockedSource:
    files = tuple(_file(path, text) for path, text in value["files"].items())
    return LockedSource(dict(value["declared"]), dict(value["pinned"]), Content(files))


def _file(path: str, text: str) -> FileEntry:
    match = _FILE.fullmatch(text)
    if match is None:
        raise ValueError(f"{path!r} is not followed by sha256:<64 hex digits> <bytes>")
    return FileEntry(path, int(match[2]), match[1])


def _commit(name: str, commit: Any) -> str:
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise ValueError(f"{name!r} is not followed by a commit of 40 hex digits")
    return commit
