"""What a fill is to bring into a volume: the JSON document that lies beside the program in its ConfigMap."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError

STALE_AFTER = 60.0
"""Seconds without a sign of life after which a fill counts as dead."""


@dataclass(frozen=True)
class Specification:
    """One fill.

    Args:
        source: what to bring, with its `type`; two fills with the same source bring the same content.
        folder: where in the volume, relative; empty for all of it.
        reach: how the source is reached from here, such as a local path or a connection; no part of what it is.
        packages: Python packages that the source needs: the name that is imported, and what to install where it cannot
            be, such as `{"huggingface_hub": "huggingface_hub>=0.34"}`.
        clear_first: remove the former content before the new one is complete, on a volume that cannot hold both.
        stale_after: seconds without a sign of life after which another fill may take over.
    """

    source: Mapping[str, Any]
    folder: str = ""
    reach: Mapping[str, Any] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    clear_first: bool = False
    stale_after: float = STALE_AFTER

    @property
    def identity(self) -> str:
        """`sha256:<hex>` of the source."""
        text = json.dumps(self.source, sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def to_json(self) -> str:
        """Return the document's text: the same for the same fill."""
        document = {
            "source": dict(self.source),
            "folder": self.folder,
            "reach": dict(self.reach),
            "packages": dict(self.packages),
            "clearFirst": self.clear_first,
            "staleAfter": self.stale_after,
        }
        return json.dumps(document, sort_keys=True, indent=1) + "\n"


def parse_specification(text: str) -> Specification:
    """Read the document. Raises ModelstoreError when it is none."""
    try:
        document = json.loads(text)
        return Specification(
            source=dict(document["source"]),
            folder=str(document["folder"]),
            reach=dict(document["reach"]),
            packages=dict(document["packages"]),
            clear_first=bool(document["clearFirst"]),
            stale_after=float(document["staleAfter"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ModelstoreError(
            "The fill's specification cannot be read", answer=f"{type(error).__name__}: {error}",
            remedy="Deploy the volume again with one release of pulumi-modelstore",
        ) from None  # fmt: skip
