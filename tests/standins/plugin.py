"""A small Pulumi provider plugin for tests: a cloud's resource types, made on an emulator or a stub of it.

A cloud's real plugin cannot reach an emulator, or is not to be had. A stand-in knows exactly the types that the
components use, and refuses others: it is strict about names of arguments, as the real one is.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.provider import Provider

from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, contains_unknown, dressed, plain, secret_keys
from pulumi_modelstore_sandbox.plugins.__main__ import serve
from pulumi_modelstore_sandbox.plugins.threaded import Threaded

Properties = dict[str, Any]
Function = Callable[[Properties], Properties]
"""A data source: arguments to result; raises what the engine is to show."""

_TESTS = Path(__file__).resolve().parents[1]


class StandInType(ABC):
    """One resource type. Values are plain; `create` and its like get inputs without unknowns."""

    token: ClassVar[str]
    arguments: ClassVar[frozenset[str]]
    """Names of all inputs that it takes; any other is refused."""
    required: ClassVar[frozenset[str]] = frozenset()
    replaces: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change needs another resource."""
    outputs: ClassVar[tuple[str, ...]] = ()
    """Outputs beside the inputs, unknown in a preview of what is not there."""
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are secret."""

    @abstractmethod
    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Create it; return its id and outputs, the inputs among them."""

    @abstractmethod
    def read(self, identity: str, state: Properties) -> Properties | None:
        """Return the outputs as they are now; None where it is gone. `state` is empty for an import or `get`."""

    def update(self, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Change it; return its outputs."""
        raise NotImplementedError(f"{self.token} cannot be changed here")

    @abstractmethod
    def delete(self, identity: str, state: Properties) -> None:
        """Delete it; what is gone already is no error."""


class StandIn(Provider):
    """Serves the types and functions of one package."""

    def __init__(self, types: Mapping[str, StandInType], functions: Mapping[str, Function]) -> None:
        self._types, self._functions = types, functions

    def _type(self, urn: str) -> StandInType:
        token = urn.split("::", 3)[2].rpartition("$")[2]
        if token not in self._types:
            raise LookupError(f"the stand-in has no resource type {token}; it has {', '.join(sorted(self._types))}")
        return self._types[token]

    async def check_config(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        return protocol.CheckResponse(inputs=request.new_inputs, failures=[])

    async def diff_config(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        return protocol.DiffResponse(changes=False, replaces=[])

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        return protocol.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=False, accept_outputs=False
        )

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        if request.tok not in self._functions:
            raise LookupError(f"the stand-in has no function {request.tok}")
        result = self._functions[request.tok](plain(request.args))
        return protocol.InvokeResponse(return_value=dressed(result))

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        kind, given = self._type(request.urn), plain(request.new_inputs)
        failures = [
            protocol.CheckFailure(name, f"{kind.token} has no argument {name}")
            for name in sorted(given.keys() - kind.arguments)
            if not name.startswith("__")
        ]
        failures += [
            protocol.CheckFailure(name, f"{kind.token} needs the argument {name}")
            for name in sorted(kind.required - given.keys())
        ]
        return protocol.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        kind = self._type(request.urn)
        old, new = plain(request.old_state), plain(request.new_inputs)
        changed = sorted(name for name in kind.arguments if old.get(name) != new.get(name))
        return protocol.DiffResponse(
            changes=bool(changed), diffs=changed, replaces=[name for name in changed if name in kind.replaces]
        )

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        kind, inputs = self._type(request.urn), plain(request.properties)
        if request.preview or contains_unknown(inputs):
            identity, outputs = "", {**dict.fromkeys(kind.outputs, UNKNOWN), **inputs}
        else:
            identity, outputs = kind.create(inputs)
        secrets = secret_keys(request.properties) | kind.secrets
        return protocol.CreateResponse(resource_id=identity, properties=dressed(outputs, secrets))

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        kind, state = self._type(request.urn), plain(request.properties)
        outputs = kind.read(request.resource_id, state)
        if outputs is None:
            return protocol.ReadResponse(resource_id="")
        secrets = secret_keys(request.properties) | kind.secrets
        inputs = {name: value for name, value in outputs.items() if name in kind.arguments}
        return protocol.ReadResponse(
            resource_id=request.resource_id, properties=dressed(outputs, secrets), inputs=dressed(inputs, secrets)
        )

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        kind, state, inputs = self._type(request.urn), plain(request.olds), plain(request.news)
        outputs = {**state, **inputs} if request.preview else kind.update(request.resource_id, state, inputs)
        return protocol.UpdateResponse(properties=dressed(outputs, secret_keys(request.news) | kind.secrets))

    async def delete(self, request: protocol.DeleteRequest) -> None:
        self._type(request.urn).delete(request.resource_id, plain(request.properties))


def write_plugin(folder: Path, package: str, module: str, environment: Mapping[str, str]) -> Path:
    """Write `pulumi-resource-<package>` into `folder` and return its path.

    `module` (such as `standins.gcp`) has `TYPES: Mapping[str, StandInType]` and, where there are any, `FUNCTIONS`;
    `environment` is added to the plugin's own, to say where the emulator is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    path = folder / f"pulumi-resource-{package}"
    path.write_text(
        f"#!/bin/sh\n{settings}export PYTHONPATH={shlex.quote(str(_TESTS))}\n"
        f'exec {shlex.quote(sys.executable)} -P -m standins.plugin {package} {module} "$@"\n'
    )
    path.chmod(0o755)
    return path


def _stand_in(module: str) -> Provider:
    declared = import_module(module)
    return Threaded(StandIn(declared.TYPES, getattr(declared, "FUNCTIONS", {})))


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    asyncio.run(serve(arguments[0], _stand_in(arguments[1]), arguments[2] if len(arguments) > 2 else ""))
