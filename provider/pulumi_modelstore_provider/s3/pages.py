"""Goes from page to page of a listing, and ends where a store would have it go round for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modelstore_provider.errors import StoreRefused


def next_page(markers: Mapping[str, Any], before: Mapping[str, Any], *, on: str) -> Mapping[str, Any]:
    """Return where a listing goes on. Raises StoreRefused where that is where it was, or nowhere: it had no end."""
    if markers == before or not any(markers.values()):
        raise StoreRefused(
            "The store's listing has no end",
            on=on,
            answer=f"there is more, from {markers} on, as before" if before else "there is more, and not where",
            remedy="Check the store and what lies between it and this machine",
        )
    return markers
