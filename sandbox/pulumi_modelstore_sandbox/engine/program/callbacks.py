"""Functions of the program that the engine calls: transforms and hooks, served by the SDK over gRPC."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

from google.protobuf.message import Message
from pulumi.runtime.proto import callback_pb2

Answer = TypeVar("Answer", bound=Message)


class CallbackFailed(Exception):
    """A transform or hook of the program raised."""


class Callbacks:
    """Connections to the callback servers of a program; the SDK starts one where it is needed."""

    def __init__(self) -> None:
        self._channels: dict[str, Any] = {}
        self._lock = threading.Lock()

    def call(self, callback: callback_pb2.Callback, request: Message, answer: type[Answer]) -> Answer:
        """Call a function of the program. Raises CallbackFailed."""
        import grpc
        from pulumi.runtime.proto import callback_pb2_grpc

        stub = callback_pb2_grpc.CallbacksStub(self._channel(callback.target))
        invocation = callback_pb2.CallbackInvokeRequest(token=callback.token, request=request.SerializeToString())
        try:
            response = stub.Invoke(invocation)
        except grpc.RpcError as error:
            details = error.details() if isinstance(error, grpc.Call) else str(error)
            raise CallbackFailed(details) from error
        return answer.FromString(response.response)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()

    def _channel(self, target: str) -> Any:
        import grpc
        from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

        with self._lock:
            channel = self._channels.get(target)
            if channel is None:
                channel = self._channels[target] = grpc.insecure_channel(target, options=_GRPC_CHANNEL_OPTIONS)
            return channel
