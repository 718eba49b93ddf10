"""Which files of a folder a stack has brought there: kept beside them, for a stack's state holds no long lists."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from pulumi_modelstore_provider.files.session import FileSession
from pulumi_modelstore_provider.fills.content_record import STATE_FOLDER

_NAME = f"{STATE_FOLDER}/uploaded.json"


def read_record(session: FileSession, folder: str) -> set[str]:
    """The paths, none where there is no record."""
    place = _place(folder)
    if session.type_of(place) != "file":
        return set()
    (entry,) = session.list(place, digests=True)
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "record"
        session.download(place, target, entry, advance=_nobody)
        return set(json.loads(target.read_text(encoding="utf-8"))["paths"])


def write_record(session: FileSession, folder: str, paths: set[str]) -> None:
    """Replace the record, whole or not at all."""
    text = json.dumps({"schemaVersion": 1, "paths": sorted(paths)}, indent=1) + "\n"
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "record"
        source.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        session.upload(source, _place(folder), f"sha256:{digest}", advance=_nobody)


def _place(folder: str) -> str:
    return f"{folder.strip('/')}/{_NAME}".lstrip("/")


def _nobody(_: int, __: bool) -> None:
    """Nobody is told: it is small."""
