"""What all clients have in common: they find their store in the environment, and are closed after use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import ClassVar, Self

from pulumi_modelstore_client.location import Location, from_environment
from pulumi_modelstore_client.time_limits import USUAL, TimeLimits


class StoreClient(ABC):
    """A client of one store, safe to share between threads.

    Every method raises a StoreError for what went wrong with the store: StoreUnreachable, AccessRefused, StoreFull.
    """

    PREFIX: ClassVar[str]
    """What the environment variables begin with: `<PREFIX>_URL`, `<PREFIX>_PASSWORD` and so on."""

    @classmethod
    def from_environment(
        cls, prefix: str | None = None, *, environ: Mapping[str, str] | None = None, limits: TimeLimits = USUAL
    ) -> Self:
        """Return a client of the store that `<prefix>_URL` names; opens no connection yet.

        Args:
            prefix: of the environment variables, for a pod with more than one store; unset, the client's `PREFIX`.
            environ: in place of this process's environment.
            limits: time-outs and attempts of each request.

        Raises:
            InvalidRequest: where the environment names no store that this client speaks to.
            LibraryMissing: where the library that speaks to the store, such as redis or boto3, is not installed.
        """
        return cls.at(from_environment(cls.PREFIX if prefix is None else prefix, environ), limits=limits)

    @classmethod
    @abstractmethod
    def at(cls, place: Location, *, limits: TimeLimits = USUAL) -> Self:
        """Return a client of the store at a location."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
