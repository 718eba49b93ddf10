"""The object that commits a version: its files with size and digest, as JSON that is the same for the same content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry

_quoted = json.JSONEncoder(ensure_ascii=False).encode

SCHEMA_VERSION = 1
"""Raised when a reader of the former schema would misunderstand the new one."""


@dataclass(frozen=True)
class Manifest:
    """What one version of one model consists of."""

    model: str
    version: str
    content: Content

    def to_json(self) -> str:
        """Return the manifest's text: sorted keys, files in order, no time stamp, a newline at the end."""
        document = {
            "schemaVersion": SCHEMA_VERSION,
            "model": self.model,
            "version": self.version,
            "digest": self.content.tree_digest,
            "bytes": self.content.total_bytes,
        }
        text = json.dumps(document | {"files": []}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        # With indents `json` is written in Python, and slow: of many files that is most of the text.
        files = ",".join(
            [
                f'\n  {{\n   "digest": "{e.digest}",\n   "path": {_quoted(e.path)},\n   "size": {e.size}\n  }}'
                for e in self.content.files
            ]
        )
        return text.replace('"files": []', f'"files": [{files}\n ]', 1) if files else text


def parse_manifest(text: str | bytes) -> Manifest:
    """Read a manifest. Raises ValueError when it is none, is of a newer schema, or contradicts its own digest."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - a bad document is a bad value to the caller
    schema = document.get("schemaVersion")
    if schema != SCHEMA_VERSION:
        raise ValueError(
            f"its schemaVersion is {schema!r}, this release reads {SCHEMA_VERSION}; a newer release is needed"
        )
    try:
        content = Content(tuple(_entry(item) for item in document["files"]))
        manifest = Manifest(str(document["model"]), str(document["version"]), content)
        recorded, total = document["digest"], document["bytes"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a field is missing or of the wrong kind: {error}") from None
    if recorded != content.tree_digest:
        raise ValueError("its digest is not the digest of its files")
    if total != content.total_bytes:
        raise ValueError("its bytes are not those of its files")
    return manifest


def _entry(item: Any) -> FileEntry:
    size = item["size"]
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError("size is not a whole number")
    return FileEntry(str(item["path"]), size, str(item["digest"]))
