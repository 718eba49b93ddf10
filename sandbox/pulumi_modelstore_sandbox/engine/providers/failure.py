"""How a call of a provider fails, told so that a user can act on it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field

from google.protobuf import struct_pb2


@dataclass(frozen=True)
class PartialResource:
    """A resource that exists although its creation or update did not complete."""

    id: str
    properties: struct_pb2.Struct
    inputs: struct_pb2.Struct | None = None
    reasons: list[str] = field(default_factory=list)


class ProviderFailed(Exception):
    """A provider could not do what it was asked."""

    def __init__(self, message: str, *, details: str = "", partial: PartialResource | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        """A traceback, for debug output."""
        self.partial = partial


class Unimplemented(ProviderFailed):
    """The provider has no such method."""


class ConfigurationUnknown(ProviderFailed):
    """The provider's configuration is known only after an update."""

    def __init__(self) -> None:
        super().__init__(
            "The configuration of this resource's provider is not known during a preview, so the preview cannot tell "
            "what will change. The update itself will know."
        )


def from_exception(error: BaseException) -> ProviderFailed:
    """Tell an exception of a provider that runs in this process."""
    from pulumi_modelstore_provider.errors import ModelstoreError

    # The SDK's servicer wraps what the provider raised, and adds a traceback to its text.
    cause = error.__context__ if type(error) is Exception and error.__context__ is not None else error
    if isinstance(cause, ProviderFailed):
        return cause
    if isinstance(cause, NotImplementedError):
        return Unimplemented(str(cause) or "not implemented")
    details = "".join(traceback.format_exception(cause))
    if isinstance(cause, ModelstoreError):
        return ProviderFailed(str(cause), details=details)
    return ProviderFailed("".join(traceback.format_exception_only(cause)).strip(), details=details)
