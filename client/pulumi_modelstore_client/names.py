"""Names that every engine takes."""

from __future__ import annotations

import re

from pulumi_modelstore_client.errors import InvalidRequest

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
LONGEST_STORE = 32
"""Characters of a store's name: with a queue's name it has to fit into the 80 that SQS gives."""


def valid_name(name: str, *, what: str, longest: int) -> str:
    """Return the name of 1 to `longest` lower-case letters, digits and hyphens. Raises InvalidRequest on another."""
    if not isinstance(name, str) or len(name) > longest or not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"{what} cannot be called {name!r}",
            remedy=f"Use 1 to {longest} lower-case letters, digits and hyphens, with a letter or digit at both ends",
        )
    return name
