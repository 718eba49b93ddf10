"""What an API server says to one request."""

from __future__ import annotations

from typing import Final, NamedTuple

from pulumi_modelstore_sandbox.cluster.properties import Object

OK: Final = frozenset({200, 201, 202})
NOT_FOUND: Final = 404
CONFLICT: Final = 409
INVALID: Final = 422


class Answer(NamedTuple):
    """An HTTP status, and the object or the `Status` that came with it."""

    status: int
    body: Object
