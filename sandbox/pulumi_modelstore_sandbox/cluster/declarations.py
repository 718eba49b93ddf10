"""From a program's inputs to the object that a cluster is to hold, and everything that is wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from pulumi_modelstore_sandbox.cluster.destination import Destination
from pulumi_modelstore_sandbox.cluster.identity import identity, is_known, named, placed
from pulumi_modelstore_sandbox.cluster.properties import Object, Unsupported, leaves
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.secret_data import undecodable
from pulumi_modelstore_sandbox.cluster.settings import ClusterSettings
from pulumi_modelstore_sandbox.cluster.urn import Urn
from pulumi_modelstore_sandbox.cluster.validation import Problem, argument_types, definitions, names

PATCH_FORCE: Final = "pulumi.com/patchForce"


class Declarations:
    """The objects that one run declares."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[tuple[str, str, str, str], str] = {}

    def complete(
        self,
        inputs: Object,
        old: Object | None,
        kind: ResourceType,
        urn: Urn,
        seed: bytes,
        destination: Destination,
        settings: ClusterSettings,
    ) -> Object:
        """Return the inputs with API version, kind, name and namespace, and without a status."""
        item = {"apiVersion": kind.api_version, "kind": kind.kind} | {k: v for k, v in inputs.items() if k != "status"}
        item = named(item, old, resource_name=urn.name, seed=seed)
        return placed(item, destination.scope(kind), settings.default_namespace)

    def problems(
        self,
        item: Object,
        old: Object | None,
        kind: ResourceType,
        urn: str,
        destination: Destination,
        settings: ClusterSettings,
    ) -> Iterator[Problem]:
        """Find everything that is wrong with an object; `old` is the recorded one."""
        for field, meant in (("apiVersion", kind.api_version), ("kind", kind.kind)):
            if item[field] != meant:
                yield Problem((field,), f"is {item[field]!r}, but the resource's type says {meant!r}")
        yield from names.problems(item, kind, destination.scope(kind))
        if kind.built_in:
            # What is recorded passed when it was declared, and the types take long to import.
            if item != old:
                yield from argument_types.problems(item, kind)
        else:
            yield from (
                Problem(path, f"is an {leaf.kind}, which no Kubernetes object can hold")
                for path, leaf in leaves(item)
                if isinstance(leaf, Unsupported)
            )
            if settings.kubeconfig is None:
                yield from definitions.problems(item, kind)
        if kind.is_secret:
            yield from (
                Problem(path, "is not base64; encode it, or give it in clear under stringData")
                for path in undecodable(item)
            )
        yield from self._declared_twice(item, kind, urn)

    def owned_by_another(self, item: Object, kind: ResourceType, urn: str) -> bool:
        """Whether another resource of this run declares the object, as after a rename of the resource."""
        with self._lock:
            return self._owners.get(_key(item, kind), urn) != urn

    def _declared_twice(self, item: Object, kind: ResourceType, urn: str) -> Iterator[Problem]:
        if not is_known(item):
            return
        with self._lock:
            owner = self._owners.setdefault(_key(item, kind), urn)
        if owner != urn:
            reason = f"{identity(item).of(kind)} is declared by {owner} already; give one of the two another name"
            yield Problem(("metadata", "name"), reason)


def _key(item: Object, kind: ResourceType) -> tuple[str, str, str, str]:
    return (kind.group, kind.kind, *identity(item))
