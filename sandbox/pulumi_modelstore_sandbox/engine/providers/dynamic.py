"""Dynamic providers: classes pickled into a resource's inputs, called in this process with the plugin's conversions."""

from __future__ import annotations

import base64
import contextvars
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.message import Message
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.runtime import Settings, configure, proto, rpc

from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed, Unimplemented, from_exception
from pulumi_modelstore_sandbox.engine.providers.host import run

PROVIDER_KEY: Final = "__provider"


class DynamicHost:
    """Hosts every dynamic provider of one program; `configure` of each pickle runs once."""

    def __init__(self, project: str, main: Path) -> None:
        self._project = project
        self._main = main
        self._configuration: dict[str, Any] = {}
        self._providers: dict[str, ResourceProvider] = {}
        self._lock = threading.Lock()
        self._methods: dict[str, Callable[[Any], Message]] = {
            "Configure": self._configure,
            "Check": self._check,
            "Diff": self._diff,
            "Create": self._create,
            "Update": self._update,
            "Read": self._read,
            "Delete": self._delete,
        }

    def call(self, method: str, request: Message) -> Any:
        """Answer one request."""
        handler = self._methods.get(method)
        if handler is None:
            raise Unimplemented(f"dynamic providers have no {method}")
        try:
            # A fresh context: the provider sees none of the program's settings, as in a process of its own.
            return contextvars.Context().run(self._with_settings, handler, request)
        except Exception as error:
            raise from_exception(error) from error

    def close(self) -> None:
        """Forget the providers."""
        self._providers.clear()

    def _with_settings(self, handler: Callable[[Any], Message], request: Message) -> Message:
        configure(Settings(project=self._project, stack="stack", organization="organization"))
        return handler(request)

    def _provider(self, properties: dict[str, Any]) -> ResourceProvider:
        pickled = properties.get(PROVIDER_KEY)
        if not isinstance(pickled, str):
            raise ProviderFailed("the resource's state holds no dynamic provider (`__provider`)")
        with self._lock:
            provider = self._providers.get(pickled)
            if provider is None:
                provider = self._load(pickled)
                provider.configure(ConfigureRequest(config=Config(self._configuration, self._project)))
                self._providers[pickled] = provider
        return provider

    def _load(self, pickled: str) -> ResourceProvider:
        import dill
        from pulumi.runtime._serialization import _deserialize

        def unpickle() -> Any:
            # The program itself wrote this pickle: it is code that the user runs anyway.
            return dill.loads(base64.b64decode(pickled))  # noqa: S301 - the user's own class

        try:
            provider: ResourceProvider = _deserialize(unpickle)
        except ModuleNotFoundError as error:
            raise ProviderFailed(
                f"the module {error.name!r} of a dynamic provider is not found from {self._main}; put it back or "
                "install it, then run again"
            ) from error
        return provider

    def _configure(self, request: Any) -> Message:
        properties = rpc.deserialize_properties(request.args)
        self._configuration = {key: rpc.unwrap_rpc_secret(value) for key, value in properties.items()}
        return proto.ConfigureResponse(acceptSecrets=False)

    def _check(self, request: Any) -> Message:
        olds = rpc.deserialize_properties(request.olds, True)
        news = rpc.deserialize_properties(request.news, True)
        result = self._provider(_holding_provider(news, olds)).check(olds, news)
        inputs = {**result.inputs, PROVIDER_KEY: news[PROVIDER_KEY]}
        failures = [proto.CheckFailure(property=item.property, reason=item.reason) for item in result.failures or []]
        return proto.CheckResponse(inputs=_serialized(inputs), failures=failures)

    def _diff(self, request: Any) -> Message:
        olds = rpc.deserialize_properties(request.olds, True)
        news = rpc.deserialize_properties(request.news, True)
        result = self._provider(_holding_provider(news, olds)).diff(request.id, olds, news)
        changes = proto.DiffResponse.DIFF_UNKNOWN
        if result.changes is not None:
            changes = proto.DiffResponse.DIFF_SOME if result.changes else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(
            changes=changes,
            replaces=result.replaces or [],
            deleteBeforeReplace=bool(result.delete_before_replace),
        )

    def _create(self, request: Any) -> Message:
        properties = rpc.deserialize_properties(request.properties)
        result = self._provider(properties).create(properties)
        outs = {**(result.outs or {}), PROVIDER_KEY: properties[PROVIDER_KEY]}
        return proto.CreateResponse(id=result.id, properties=_serialized(outs))

    def _update(self, request: Any) -> Message:
        olds = rpc.deserialize_properties(request.olds)
        news = rpc.deserialize_properties(request.news)
        result = self._provider(news).update(request.id, olds, news)
        outs = {**(result.outs or {}), PROVIDER_KEY: news[PROVIDER_KEY]}
        return proto.UpdateResponse(properties=_serialized(outs))

    def _read(self, request: Any) -> Message:
        properties = rpc.deserialize_properties(request.properties) or rpc.deserialize_properties(request.inputs)
        result = self._provider(properties).read(request.id, properties)
        outs = {**(result.outs or {}), PROVIDER_KEY: properties[PROVIDER_KEY]}
        response = proto.ReadResponse(id=result.id or "", properties=_serialized(outs))
        if result.inputs is not None:
            inputs = {**result.inputs, PROVIDER_KEY: properties[PROVIDER_KEY]}
            response.inputs.CopyFrom(_serialized(inputs))
        return response

    def _delete(self, request: Any) -> Message:
        properties = rpc.deserialize_properties(request.properties)
        self._provider(properties).delete(request.id, properties)
        return empty_pb2.Empty()


def _holding_provider(news: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that hold the pickle: at a preview it can be unknown, then the recorded one serves."""
    return news if isinstance(news.get(PROVIDER_KEY), str) else olds


def _serialized(properties: dict[str, Any]) -> struct_pb2.Struct:
    struct: struct_pb2.Struct = run(rpc.serialize_properties(properties, {}))
    return struct
