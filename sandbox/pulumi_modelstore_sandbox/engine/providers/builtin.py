"""The package `pulumi`: stack references, stashes and lookups of the run's own resources."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final, Protocol

from google.protobuf import empty_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2

from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed, Unimplemented
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.target import StackOutputsLookup
from pulumi_modelstore_sandbox.engine.values import (
    Properties,
    contains_secret,
    from_struct,
    to_struct,
    without_secrets,
)

STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
STASH: Final = "pulumi:index:Stash"
_INPUT: Final = {STACK_REFERENCE: "name", STASH: "input"}


class ResourceLookup(Protocol):
    """Finds resources that this run has registered or read."""

    def by_urn(self, urn: str) -> ResourceState | None:
        """Return the resource of this URN, if the run has met it."""
        ...

    def recorded_outputs(self, type_token: str) -> Properties:
        """Return outputs by URN of the recorded resources of a type; of all types when it is empty."""
        ...


class BuiltinHost:
    """Answers for the package `pulumi`."""

    def __init__(self, stack_outputs: StackOutputsLookup, resources: ResourceLookup, say: Callable[..., None]) -> None:
        self._stack_outputs = stack_outputs
        self._resources = resources
        self._say = say
        self._methods: dict[str, Callable[[Any], Message]] = {
            "CheckConfig": lambda request: provider_pb2.CheckResponse(inputs=request.news),
            "DiffConfig": lambda _: provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE),
            "Configure": lambda _: provider_pb2.ConfigureResponse(
                acceptSecrets=True, acceptResources=True, supportsPreview=True
            ),
            "Check": self._check,
            "Diff": self._diff,
            "Create": self._create,
            "Update": self._update,
            "Read": self._read,
            "Delete": lambda _: empty_pb2.Empty(),
            "Invoke": self._invoke,
        }

    def call(self, method: str, request: Message) -> Any:
        """Answer one request."""
        handler = self._methods.get(method)
        if handler is None:
            raise Unimplemented(f"the package pulumi has no {method}")
        return handler(request)

    def close(self) -> None:
        """Hold nothing."""

    def _check(self, request: Any) -> Message:
        wanted = _input_of(request.type)
        failures = [
            provider_pb2.CheckFailure(property=key, reason=f"unknown property {key!r}")
            for key in request.news.fields
            if key != wanted
        ]
        if wanted not in request.news.fields:
            failures.append(provider_pb2.CheckFailure(property=wanted, reason=f"missing required property {wanted!r}"))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def _diff(self, request: Any) -> Message:
        key = _input_of(request.type)
        if request.old_inputs.fields[key] == request.news.fields[key]:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        replaces = [key] if request.type == STACK_REFERENCE else []
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=[key], replaces=replaces)

    def _create(self, request: Any) -> Message:
        identity = "" if request.preview else str(uuid.uuid4())
        inputs = from_struct(request.properties)
        if request.type == STACK_REFERENCE:
            outputs = self._stack_reference(inputs)
        else:
            outputs = {"input": inputs["input"], "output": inputs["input"]}
        return provider_pb2.CreateResponse(id=identity, properties=to_struct(outputs))

    def _update(self, request: Any) -> Message:
        olds, news = from_struct(request.olds), from_struct(request.news)
        return provider_pb2.UpdateResponse(
            properties=to_struct({"input": news.get("input"), "output": olds.get("output")})
        )

    def _read(self, request: Any) -> Message:
        properties = request.properties
        if request.type == STACK_REFERENCE:
            properties = to_struct(self._stack_reference(from_struct(request.properties)))
        return provider_pb2.ReadResponse(id=request.id, inputs=request.inputs, properties=properties)

    def _invoke(self, request: Any) -> Message:
        arguments = from_struct(request.args)
        match request.tok:
            case "pulumi:pulumi:getResource":
                returned = self._resource(str(arguments.get("urn")))
            case "pulumi:pulumi:readStackOutputs":
                returned = self._stack_reference(arguments)
            case "pulumi:pulumi:readStackResourceOutputs":
                returned = {"name": arguments.get("stackName"), "outputs": self._resources.recorded_outputs("")}
            case _:
                raise ProviderFailed(f"the package pulumi has no function {request.tok!r}")
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(returned))
        return response

    def _resource(self, urn: str) -> Properties:
        state = self._resources.by_urn(urn)
        if state is None:
            raise ProviderFailed(f"unknown resource {urn}")
        return {"urn": urn, "id": state.id, "provider": state.provider, "state": state.outputs}

    def _stack_reference(self, inputs: Properties) -> Properties:
        name = without_secrets(inputs.get("name"))
        if not isinstance(name, str):
            raise ProviderFailed("a stack reference needs the name of a stack")
        outputs = self._stack_outputs(name)
        if outputs is None:
            raise ProviderFailed(
                f"there is no stack {name!r} in this sandbox; deploy it first, or correct the name "
                "(organization/project/stack)"
            )
        hidden = sorted(key for key, value in outputs.items() if contains_secret(value))
        return {"name": inputs["name"], "outputs": dict(outputs), "secretOutputNames": list(hidden)}


def _input_of(resource_type: str) -> str:
    wanted = _INPUT.get(resource_type)
    if wanted is None:
        raise ProviderFailed(f"the package pulumi has no resource type {resource_type!r}")
    return wanted
