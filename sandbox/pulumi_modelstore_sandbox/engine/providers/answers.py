"""What providers answer, read from the protocol's messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi.runtime.proto import provider_pb2

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.diffing import Diff
from pulumi_modelstore_sandbox.engine.events import DiffKind, PropertyDiff
from pulumi_modelstore_sandbox.engine.values import Properties

_KINDS: Final[dict[int, DiffKind]] = {
    provider_pb2.PropertyDiff.ADD: "add",
    provider_pb2.PropertyDiff.ADD_REPLACE: "add-replace",
    provider_pb2.PropertyDiff.DELETE: "delete",
    provider_pb2.PropertyDiff.DELETE_REPLACE: "delete-replace",
    provider_pb2.PropertyDiff.UPDATE: "update",
    provider_pb2.PropertyDiff.UPDATE_REPLACE: "update-replace",
}


@dataclass(frozen=True)
class CheckFailure:
    """An input that a provider refuses."""

    property: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """Inputs as the provider completes them, and what is wrong with them."""

    inputs: Properties
    failures: Sequence[CheckFailure] = ()


@dataclass(frozen=True)
class Applied:
    """What a resource is after a create, update or read."""

    id: str
    outputs: Properties
    inputs: Properties | None = None
    init_errors: list[str] = field(default_factory=list)
    """Why the resource, which exists, is not complete."""


def named(urn: str) -> dict[str, Any]:
    """Return the fields that most requests begin with."""
    parts = urns.parse(urn)
    return {"urn": urn, "name": parts.name, "type": parts.type}


def failures(response: Any) -> list[CheckFailure]:
    """Read what a provider refuses."""
    return [CheckFailure(failure.property, failure.reason) for failure in response.failures]


def diff(response: provider_pb2.DiffResponse) -> Diff:
    """Read a diff."""
    changed = {provider_pb2.DiffResponse.DIFF_NONE: False, provider_pb2.DiffResponse.DIFF_SOME: True}
    detailed = {}
    if response.hasDetailedDiff:
        detailed = {
            path: PropertyDiff(_KINDS.get(item.kind, "update"), item.inputDiff)
            for path, item in sorted(response.detailedDiff.items())
        }
    return Diff(
        changed=changed.get(response.changes),
        keys=list(response.diffs),
        replace_keys=list(response.replaces),
        detailed=detailed,
        delete_before_replace=response.deleteBeforeReplace,
    )
