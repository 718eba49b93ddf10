"""Waits until a folder of a volume is complete: what an init container of a replica does."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.content_record import ContentRecord
from pulumi_modelstore_provider.fills.specification import Specification

_log = logging.getLogger("pulumi_modelstore")
_SAY_EVERY = 60.0


def wait(specification: Specification, volume: Path, *, timeout: float | None = None, every: float = 2.0) -> None:
    """Return once the folder holds the source, whole.

    Args:
        specification: of the fill that somebody else runs.
        volume: where the volume is mounted.
        timeout: seconds to wait at most; None waits without end.
        every: seconds between two looks.

    Raises:
        ModelstoreError: when the time is over, with what the folder holds instead.
    """
    record = ContentRecord(volume / specification.folder)
    began = said = time.monotonic()
    _log.info("waiting until %s is complete", record.folder)
    while not record.is_complete(specification.identity):
        now = time.monotonic()
        if timeout is not None and now - began >= timeout:
            raise ModelstoreError(
                f"The volume is not complete after {timeout:g} seconds", on=str(record.folder),
                answer=_held(record), remedy="Look at the log of the Job that fills it",
            )  # fmt: skip
        if now - said >= _SAY_EVERY:
            said = now
            _log.info("still waiting: %s", _held(record))
        time.sleep(every)


def _held(record: ContentRecord) -> str:
    try:
        mark = json.loads((record.state / "complete.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "it holds nothing complete yet" if record.state.is_dir() else "no fill has begun"
    return f"it holds other content, {mark.get('digest', 'unknown')}"
