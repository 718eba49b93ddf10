"""Providers that are Python classes, called in this process through the SDK's own servicer."""

from __future__ import annotations

import contextvars
from typing import Any

from google.protobuf.message import Message
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer

from pulumi_modelstore_sandbox.engine.providers.failure import from_exception
from pulumi_modelstore_sandbox.engine.providers.host import run


class InProcessHost:
    """Hosts a `pulumi.provider.experimental.Provider`; its methods may be called from several threads at once."""

    def __init__(self, provider: Provider) -> None:
        self._servicer = ProviderServicer([], "0.0.0", provider, engine_address="")

    def call(self, method: str, request: Message) -> Any:
        """Answer one request."""
        handler = getattr(self._servicer, method)
        try:
            # A fresh context: the provider sees none of the program's settings, as in a process of its own.
            return contextvars.Context().run(lambda: run(handler(request, None)))
        except Exception as error:
            raise from_exception(error) from error

    def close(self) -> None:
        """Hold nothing."""
