"""Runs a program under Pulumi's mocks and keeps what it asked the engine for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS, configure, set_root_resource

SECRET = "[secret] "
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass
class Resource:
    """One registration as the engine would see it; dependencies by the names of the resources."""

    name: str
    type: str
    parent: str
    inputs: dict[str, Any]
    dependencies: list[str]
    input_dependencies: dict[str, list[str]]
    request: Any
    outputs: dict[str, Any] = field(default_factory=dict)


@dataclass
class Declared:
    """What a program declared: resources by name, exports, warnings."""

    resources: dict[str, Resource] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Resource:
        return self.resources[name]

    def children(self, parent: str) -> list[str]:
        """Names of a component's children, in order."""
        return [resource.name for resource in self.resources.values() if resource.parent == parent]


class _Monitor(mocks.MockMonitor):
    def __init__(self, declared: Declared, outputs: Callable[[mocks.MockResourceArgs], Mapping[str, Any]]) -> None:
        super().__init__(_Answers(outputs))
        self.declared = declared

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        # The mock's own leaves out grandparents and keeps the stack's type.
        above = parent.split("::")[2] if parent else ""
        qualified = f"{above}${type_}" if above and "pulumi:pulumi:Stack" not in above else type_
        return f"urn:pulumi:stack::project::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name in the protocol
        if request.custom or request.type.startswith("modelstore:"):
            self._keep(request)
        return super().RegisterResource(request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the name in the protocol
        self._keep(request)
        return super().ReadResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name in the protocol
        outputs = _plain(request.outputs)
        name = _name(request.urn)
        if name in self.declared.resources:
            self.declared.resources[name].outputs = outputs
        else:
            self.declared.exports = outputs
        return super().RegisterResourceOutputs(request)

    def _keep(self, request: Any) -> None:
        by_input = getattr(request, "propertyDependencies", {})
        self.declared.resources[request.name] = Resource(
            name=request.name,
            type=request.type,
            parent=_name(request.parent),
            inputs=_plain(request.object if hasattr(request, "object") else request.properties),
            dependencies=sorted(_name(urn) for urn in request.dependencies),
            input_dependencies={key: sorted(map(_name, deps.urns)) for key, deps in by_input.items() if deps.urns},
            request=request,
        )


class _Answers(mocks.Mocks):
    def __init__(self, outputs: Callable[[mocks.MockResourceArgs], Mapping[str, Any]]) -> None:
        self.outputs = outputs

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"no component calls {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **self.outputs(args)}


def computed(args: mocks.MockResourceArgs) -> Mapping[str, Any]:
    """What providers add to the inputs of the types that the components read outputs of."""
    if args.typ == "aws:iam/accessKey:AccessKey":
        return {"secret": pulumi.Output.secret(f"{args.name}-secret-key")}
    if args.typ == "aws:iam/user:User":
        return {"name": f"{args.name}-0a1b2c3"}
    return {}


class _Engine(mocks.MockEngine):
    def __init__(self, declared: Declared) -> None:
        super().__init__(None)
        self.declared = declared

    def Log(self, request: Any) -> None:  # noqa: N802 - the name in the protocol
        if request.severity >= engine_pb2.WARNING:
            self.declared.warnings.append(request.message)


def declare(
    program: Callable[[], None],
    *,
    preview: bool = True,
    config: Mapping[str, str] | None = None,
    secrets: Collection[str] = (),
    outputs: Callable[[mocks.MockResourceArgs], Mapping[str, Any]] = computed,
) -> Declared:
    """Run the program as an engine would, and give what it declared; its error is raised."""
    declared = Declared()
    monitor = _Monitor(declared, outputs)

    async def run() -> None:
        features = set(monitor.GetDeploymentInfo(None).supportedFeatures)
        configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=features,
                engine=_Engine(declared),
                project="project",
                stack="stack",
                dry_run=preview,
                organization=None,
                callbacks=None,
            )
        )
        set_root_resource(None)
        # A program that failed leaves its outputs behind, bound to an event loop that is gone.
        SETTINGS.outputs.clear()
        full = {f"project:{key}": value for key, value in (config or {}).items()}
        pulumi.runtime.set_all_config(full, [key for key in full if key.removeprefix("project:") in secrets])
        await pulumi.runtime.run_in_stack(program)

    try:
        asyncio.run(run())
    finally:
        set_root_resource(None)
    return declared


def _plain(struct: Any) -> dict[str, Any]:
    return _marked(json_format.MessageToDict(struct))


def _marked(value: Any) -> Any:
    """Secrets as marked strings or mappings, so that a test sees both the value and that it is kept secret."""
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            inner = _marked(value["value"])
            return SECRET + inner if isinstance(inner, str) else {"[secret]": inner}
        return {key: _marked(item) for key, item in value.items() if key != "__provider"}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return value


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1] if urn else ""
