"""One resource at a time through the provider's wire protocol, as an engine would drive it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime import proto
from pulumi.runtime.rpc import UNKNOWN

from pulumi_modelstore_sandbox.cluster.properties import plain, properties
from pulumi_modelstore_sandbox.cluster.provider import KubernetesProvider

SECRET = "kubernetes:core/v1:Secret"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
INFERENCE_SERVICE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
__all__ = ["CLAIM", "CONFIG_MAP", "INFERENCE_SERVICE", "SECRET", "SERVICE_ACCOUNT", "UNKNOWN", "Driver", "Refused"]


class Refused(Exception):
    """`check` found problems."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in problems.items()))
        self.problems = problems


@dataclass
class Recorded:
    """What the state holds of a resource."""

    id: str
    inputs: dict[str, PropertyValue]
    outputs: dict[str, PropertyValue]


@dataclass
class Change:
    """What a diff said."""

    changes: bool
    paths: dict[str, str]
    replaces: list[str]
    delete_before_replace: bool
    planned: dict[str, Any] = field(default_factory=dict)


class Driver:
    """A stack of single resources; every call goes through protobuf messages and back."""

    def __init__(self, project: str = "models", stack: str = "dev", **configuration: str) -> None:
        self.project, self.stack = project, stack
        self.state: dict[str, Recorded] = {}
        self._seeds = (f"seed {number}".encode() for number in itertools.count())
        self._servicer = ProviderServicer([], "0.0.0", KubernetesProvider(), "")
        arguments = PropertyValue.marshal_map(properties(configuration))
        self._call("Configure", proto.ConfigureRequest(args=arguments, acceptSecrets=True))

    def urn(self, token: str, name: str) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::modelstore:index:Parent${token}::{name}"

    def check(self, token: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The completed inputs, as wire properties."""
        known = self.state.get(self.urn(token, name))
        answer = self._call(
            "Check",
            proto.CheckRequest(
                urn=self.urn(token, name),
                olds=PropertyValue.marshal_map(known.inputs) if known else None,
                news=PropertyValue.marshal_map(dressed(inputs)),
                randomSeed=next(self._seeds),
            ),
        )
        if answer.failures:
            raise Refused({failure.property: failure.reason for failure in answer.failures})
        return PropertyValue.unmarshal_map(answer.inputs)

    def preview(self, token: str, name: str, inputs: Mapping[str, Any], *, ignore: Sequence[str] = ()) -> Change:
        """What `up` would do, in an engine's order: check, diff, then the step itself without effect."""
        return self._step(token, name, inputs, ignore, preview=True)

    def up(self, token: str, name: str, inputs: Mapping[str, Any], *, ignore: Sequence[str] = ()) -> Change:
        """Create, update or replace the resource."""
        return self._step(token, name, inputs, ignore, preview=False)

    def refresh(self, token: str, name: str) -> dict[str, Any] | None:
        """Read the resource; returns its inputs as they are now, None where it is gone."""
        urn = self.urn(token, name)
        known = self.state[urn]
        answer = self._call(
            "Read",
            proto.ReadRequest(
                id=known.id,
                urn=urn,
                properties=PropertyValue.marshal_map(known.outputs),
                inputs=PropertyValue.marshal_map(known.inputs),
            ),
        )
        if not answer.id:
            del self.state[urn]
            return None
        inputs, outputs = PropertyValue.unmarshal_map(answer.inputs), PropertyValue.unmarshal_map(answer.properties)
        self.state[urn] = Recorded(answer.id, inputs, outputs)
        return plain(inputs).value

    def get(self, token: str, name: str, resource_id: str) -> dict[str, Any] | None:
        """Read an object that no state knows: its outputs, None where it does not exist."""
        found = self.read(token, name, resource_id)
        return None if found is None else plain(found.outputs).value

    def read(self, token: str, name: str, resource_id: str) -> Recorded | None:
        """The same with everything that a state would hold of it."""
        answer = self._call("Read", proto.ReadRequest(id=resource_id, urn=self.urn(token, name)))
        inputs, outputs = PropertyValue.unmarshal_map(answer.inputs), PropertyValue.unmarshal_map(answer.properties)
        return Recorded(answer.id, inputs, outputs) if answer.id else None

    def delete(self, token: str, name: str, *, timeout: float = 0) -> None:
        urn = self.urn(token, name)
        known = self.state[urn]
        outputs = PropertyValue.marshal_map(known.outputs)
        self._call("Delete", proto.DeleteRequest(id=known.id, urn=urn, properties=outputs, timeout=timeout))
        del self.state[urn]

    def outputs(self, token: str, name: str) -> dict[str, Any]:
        return plain(self.state[self.urn(token, name)].outputs).value

    def wire(self, token: str, name: str) -> Recorded:
        return self.state[self.urn(token, name)]

    def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        args = PropertyValue.marshal_map(properties(arguments))
        answer = self._call("Invoke", proto.InvokeRequest(tok=token, args=args))
        return plain(PropertyValue.unmarshal_map(getattr(answer, "return"))).value

    def _step(
        self, token: str, name: str, inputs: Mapping[str, Any], ignore: Sequence[str], *, preview: bool
    ) -> Change:
        urn = self.urn(token, name)
        checked = self.check(token, name, inputs)
        known = self.state.get(urn)
        if known is None:
            planned = self._create(token, name, checked, preview=preview)
            return Change(changes=True, paths={}, replaces=[], delete_before_replace=False, planned=planned)
        change = self._diff(urn, known, checked, ignore)
        if change.replaces:
            return self._replace(token, name, inputs, change, preview=preview)
        if change.changes:
            answer = self._call(
                "Update",
                proto.UpdateRequest(
                    id=known.id,
                    urn=urn,
                    olds=PropertyValue.marshal_map(known.outputs),
                    news=PropertyValue.marshal_map(checked),
                    ignoreChanges=ignore,
                    preview=preview,
                ),
            )
            outputs = PropertyValue.unmarshal_map(answer.properties)
            change.planned = plain(outputs).value
            if not preview:
                self.state[urn] = Recorded(known.id, checked, outputs)
        return change

    def _replace(self, token: str, name: str, inputs: Mapping[str, Any], change: Change, *, preview: bool) -> Change:
        urn = self.urn(token, name)
        old = self.state.pop(urn)
        if change.delete_before_replace and not preview:
            self.state[urn] = old
            self.delete(token, name)
        # An engine asks for the inputs of a replacement anew, without old ones: a made-up name becomes another.
        change.planned = self._create(token, name, self.check(token, name, inputs), preview=preview)
        if preview:
            self.state[urn] = old
        elif not change.delete_before_replace:
            new, self.state[urn] = self.state[urn], old
            self.delete(token, name)
            self.state[urn] = new
        return change

    def _create(self, token: str, name: str, checked: dict[str, PropertyValue], *, preview: bool) -> dict[str, Any]:
        urn = self.urn(token, name)
        request = proto.CreateRequest(urn=urn, properties=PropertyValue.marshal_map(checked), preview=preview)
        answer = self._call("Create", request)
        outputs = PropertyValue.unmarshal_map(answer.properties)
        if not preview:
            self.state[urn] = Recorded(answer.id, checked, outputs)
        return plain(outputs).value

    def _diff(self, urn: str, known: Recorded, checked: dict[str, PropertyValue], ignore: Sequence[str]) -> Change:
        answer = self._call(
            "Diff",
            proto.DiffRequest(
                id=known.id,
                urn=urn,
                olds=PropertyValue.marshal_map(known.outputs),
                news=PropertyValue.marshal_map(checked),
                ignoreChanges=ignore,
            ),
        )
        kinds = proto.PropertyDiff.Kind
        return Change(
            changes=answer.changes == proto.DiffResponse.DIFF_SOME,
            paths={path: kinds.Name(entry.kind) for path, entry in answer.detailedDiff.items()},
            replaces=list(answer.replaces),
            delete_before_replace=answer.deleteBeforeReplace,
        )

    def _call(self, method: str, request: Any) -> Any:
        return asyncio.run(getattr(self._servicer, method)(request, None))


def dressed(value: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Inputs for the wire; a PropertyValue among them stays as it is."""
    return {key: _dressed(item) for key, item in value.items()}


def _dressed(value: Any) -> PropertyValue:
    if isinstance(value, PropertyValue):
        return value
    if isinstance(value, Mapping):
        return PropertyValue({key: _dressed(item) for key, item in value.items()})
    if isinstance(value, list):
        return PropertyValue([_dressed(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)
