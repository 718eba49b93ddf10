"""What a killed run may have created without recording it; the sandbox's own providers find it and remove it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from pulumi.provider.experimental.property_value import PropertyValue

WINDOW: Final = datetime.timedelta(minutes=5)
"""How long after its beginning a creation's request, with all its retries, may still take place."""


@dataclass(frozen=True)
class Unfinished:
    """A creation that began and of which no end is recorded."""

    urn: str
    inputs: Mapping[str, PropertyValue]
    began: datetime.datetime
    recorded: frozenset[str]
    """Ids of the stack's recorded resources of the same type: none of those is left over."""

    def may_have_made(self, identity: str, created: datetime.datetime | None) -> bool:
        """Tell whether what exists under `identity` can be of this creation, and of no recorded resource.

        `created` is None where nobody knows when it was made; then the identity alone decides.
        """
        if identity in self.recorded:
            return False
        # Servers tell whole seconds.
        began = self.began.replace(microsecond=0)
        return created is None or began <= created <= began + WINDOW


@runtime_checkable
class RemovesUnfinished(Protocol):
    """A provider that can undo what it began; it never touches what is older than the creation."""

    async def remove_unfinished(self, creation: Unfinished) -> str | None:
        """Remove what the creation made, and return its name; None where it made nothing."""
        ...
