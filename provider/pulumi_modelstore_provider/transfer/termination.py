"""The last word of a container: a small JSON document that Kubernetes keeps in the pod's status."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from pulumi_modelstore_provider.errors import without_secrets

TERMINATION_LOG = Path("/dev/termination-log")
"""Where Kubernetes looks, unless the container says otherwise."""

MOST_BYTES = 4096
"""What it keeps of it: the Kubernetes documentation, "Determine the Reason for Pod Failure"."""

_CUT = "..."


def termination_message(status: str, message: str, **facts: Any) -> str:
    """Return the document in at most 4096 bytes; what does not fit is cut off the message."""
    message = without_secrets(message)
    kept = message
    while len(text := _text(status, kept, facts).encode("utf-8")) > MOST_BYTES:
        # A character takes six bytes at most once it is escaped.
        kept = kept.removesuffix(_CUT)[: -max(1, (len(text) - MOST_BYTES) // 6 + len(_CUT))] + _CUT
    return _text(status, kept, facts)


def write_termination_message(path: Path, text: str) -> None:
    """Write it where there is such a file; outside of a container there is none, and nothing is written."""
    with contextlib.suppress(OSError):
        if path != TERMINATION_LOG or path.exists():
            path.write_text(text, encoding="utf-8")


def _text(status: str, message: str, facts: dict[str, Any]) -> str:
    return json.dumps({"status": status, "message": message, **facts}, ensure_ascii=False)
