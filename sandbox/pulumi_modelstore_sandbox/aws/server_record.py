"""server.json: which process is the sandbox's AWS, where it listens, and the deployer's key to it."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

RECORD_NAME: Final = "server.json"


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """One start of the stand-in. `token` was drawn for this start alone; `notice` is for the user, or None."""

    url: str
    pid: int
    token: str
    access_key_id: str
    secret_access_key: str
    region: str
    notice: str | None = None

    @property
    def port(self) -> int:
        """The port of `url`."""
        return urlsplit(self.url).port or 0


def read_record(folder: Path) -> ServerRecord | None:
    """Return the record in `folder`; None where there is none, or none that can be read."""
    try:
        return ServerRecord(**json.loads((folder / RECORD_NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_record(folder: Path, record: ServerRecord) -> None:
    """Replace the record in `folder`, readable by its owner alone: it holds a secret key."""
    scratch = folder / f"{RECORD_NAME}.new"
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(dataclasses.asdict(record), file)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(folder / RECORD_NAME)
