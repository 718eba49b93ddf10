"""What a library raises while a store is asked, turned into a StoreError."""

from __future__ import annotations

from types import TracebackType

from pulumi_modelstore_client.errors import StoreError
from pulumi_modelstore_client.location import Location


class Asking:
    """Raise a StoreError for whatever the library raises inside the block: `failed` did not work on `on`.

    A class and no generator, which costs several times as much on each request.
    """

    __slots__ = ("_failed", "_on", "_place")

    def __init__(self, failed: str, place: Location, *, on: str = "") -> None:
        self._failed, self._place, self._on = failed, place, on

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            found = self._failure(error, ", ".join(filter(None, (self._on, self._place.place))))
            if found is not None:
                # from None: the library's own traceback says nothing that a user could use.
                raise found from None

    def _failure(self, error: BaseException, on: str) -> StoreError | None:
        """The error for what was asked of `on`; None for what is none of the library's."""
        raise NotImplementedError
