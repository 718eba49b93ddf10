"""Providers that are Python classes, called in this process through the SDK's own servicer."""

from __future__ import annotations

import contextvars
import datetime
from typing import Any

from google.protobuf import struct_pb2
from google.protobuf.message import Message
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer

from pulumi_modelstore_sandbox.engine.providers.failure import Unimplemented, from_exception
from pulumi_modelstore_sandbox.engine.providers.host import run
from pulumi_modelstore_sandbox.unfinished import RemovesUnfinished, Unfinished


class InProcessHost:
    """Hosts a `pulumi.provider.experimental.Provider`; its methods may be called from several threads at once."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.undoes = isinstance(provider, RemovesUnfinished)
        self._servicer = ProviderServicer([], "0.0.0", provider, engine_address="")

    def call(self, method: str, request: Message) -> Any:
        """Answer one request."""
        handler = getattr(self._servicer, method)
        try:
            # A fresh context: the provider sees none of the program's settings, as in a process of its own.
            return contextvars.Context().run(lambda: run(handler(request, None)))
        except Exception as error:
            raise from_exception(error) from error

    def remove_unfinished(
        self, urn: str, inputs: struct_pb2.Struct, began: datetime.datetime, recorded: frozenset[str]
    ) -> str | None:
        """Have the provider remove it, where it can."""
        provider = self._provider
        if not isinstance(provider, RemovesUnfinished):
            raise Unimplemented("this provider does not know what it began")
        creation = Unfinished(urn, PropertyValue.unmarshal_map(inputs), began, recorded)
        try:
            name: str | None = contextvars.Context().run(lambda: run(provider.remove_unfinished(creation)))
        except Exception as error:
            raise from_exception(error) from error
        return name

    def close(self) -> None:
        """Hold nothing."""
