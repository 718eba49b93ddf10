"""Transforms: functions of the program that change a registration or an invoke before the engine sees it."""

from __future__ import annotations

import threading
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import resource_pb2

from pulumi_modelstore_sandbox.engine.program.callbacks import Callbacks


class Transforms:
    """The program's transforms: a resource's own, then its parents', then the stack's."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._of_stack: list[Any] = []
        self._of_invokes: list[Any] = []
        self._of_resources: dict[str, list[Any]] = {}
        self._parents: dict[str, str] = {}

    def add_for_stack(self, callback: Any) -> None:
        """Take a transform of every resource."""
        with self._lock:
            self._of_stack.append(callback)

    def add_for_invokes(self, callback: Any) -> None:
        """Take a transform of every invoke."""
        with self._lock:
            self._of_invokes.append(callback)

    def remember(self, urn: str, parent: str, callbacks: list[Any]) -> None:
        """Take a registered resource's transforms, which its children get too."""
        with self._lock:
            self._parents[urn] = parent
            if callbacks:
                self._of_resources[urn] = callbacks

    def resource(self, request: Any, properties: struct_pb2.Struct, options: Any) -> tuple[struct_pb2.Struct, Any]:
        """Run what applies to a registration, and return its inputs and options after that. Raises CallbackFailed."""
        for callback in self._applying(request):
            message = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=properties,
                options=options,
            )
            response = self._callbacks.call(callback, message, resource_pb2.TransformResponse)
            if response.HasField("properties"):
                properties = response.properties
            if response.HasField("options"):
                options = response.options
        return properties, options

    def invoke(self, token: str, arguments: struct_pb2.Struct, options: Any) -> tuple[struct_pb2.Struct, Any]:
        """Run what applies to an invoke, and return its arguments and options after that. Raises CallbackFailed."""
        with self._lock:
            callbacks = list(self._of_invokes)
        for callback in callbacks:
            message = resource_pb2.TransformInvokeRequest(token=token, args=arguments, options=options)
            response = self._callbacks.call(callback, message, resource_pb2.TransformInvokeResponse)
            if response.HasField("args"):
                arguments = response.args
            if response.HasField("options"):
                options = response.options
        return arguments, options

    def _applying(self, request: Any) -> list[Any]:
        with self._lock:
            callbacks = list(request.transforms)
            parent = request.parent
            while parent:
                callbacks += self._of_resources.get(parent, [])
                parent = self._parents.get(parent, "")
            return [*callbacks, *self._of_stack]
