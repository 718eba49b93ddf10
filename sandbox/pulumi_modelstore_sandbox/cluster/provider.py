"""Kubernetes objects for both engines: into a folder of manifests, or into a real API server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from pulumi.provider.experimental import provider as protocol

from pulumi_modelstore_provider.errors import without_secrets
from pulumi_modelstore_sandbox.cluster import urn as urns
from pulumi_modelstore_sandbox.cluster.declarations import PATCH_FORCE, Declarations
from pulumi_modelstore_sandbox.cluster.destination import Declaration, Destination
from pulumi_modelstore_sandbox.cluster.diff import diff_response
from pulumi_modelstore_sandbox.cluster.errors import ImmutableField, NotInSandbox
from pulumi_modelstore_sandbox.cluster.identity import annotations_of, from_resource_id, identity
from pulumi_modelstore_sandbox.cluster.manifests_folder import ManifestsFolder
from pulumi_modelstore_sandbox.cluster.outputs import hide, outputs
from pulumi_modelstore_sandbox.cluster.properties import Inputs, plain, properties
from pulumi_modelstore_sandbox.cluster.property_path import parsed, written
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType, of_token
from pulumi_modelstore_sandbox.cluster.secret_data import SECRET_FIELDS, as_declared, as_stored
from pulumi_modelstore_sandbox.cluster.settings import ClusterSettings
from pulumi_modelstore_sandbox.cluster.yaml_decode import DECODE, decode
from pulumi_modelstore_sandbox.unfinished import Unfinished

_P = ParamSpec("_P")
_T = TypeVar("_T")
_CONFIGURATION_PREFIX: Final = "kubernetes:config:"


class KubernetesProvider(protocol.Provider):
    """Any `kubernetes:<group>/<version>:<Kind>`, with the steps that pulumi_kubernetes's own provider takes.

    Objects go to MODELSTORE_SANDBOX_HOME/manifests, or with MODELSTORE_SANDBOX_KUBECONFIG to that API server. Unlike
    the real provider this one does not wait for pods to become ready, and takes no Helm, YAML v2 or `...Patch` types.
    """

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._declarations = Declarations()
        self._settings: ClusterSettings | None = None
        self._destinations: dict[tuple[str, str], Destination] = {}

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        """Read the environment and the provider's configuration."""
        variables = {key.removeprefix(_CONFIGURATION_PREFIX): value for key, value in request.variables.items()}
        with self._lock:
            self._settings = ClusterSettings.read(variables | plain(request.args).value)
            self._destinations.clear()
            self._declarations = Declarations()
        return protocol.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=True, accept_outputs=False
        )

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Complete the inputs and refuse what no API server would take, all of it at once."""
        try:
            kind = of_token(urns.parse(request.urn).token)
        except NotInSandbox as refused:
            return protocol.CheckResponse(failures=[protocol.CheckFailure("", str(refused))])
        return await self._run(self._checked, request, kind)

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        """Compare the recorded object with the declared one; an API server says what an apply would change."""
        return await self._run(self._compared, request)

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        """Create the object, or say what it would be."""
        return await self._run(self._created, request)

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        """Bring the object to what is declared now."""
        return await self._run(self._updated, request)

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """Read the object as it is; an empty id says that it does not exist."""
        return await self._run(self._read, request)

    async def delete(self, request: protocol.DeleteRequest) -> None:
        """Delete the object; one that is gone already is fine."""
        await self._run(self._deleted, request)

    async def remove_unfinished(self, creation: Unfinished) -> str | None:
        """Remove the object that a killed run created."""
        return await self._run(self._undone, creation)

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        """Split YAML text into objects, which is how `pulumi_kubernetes.yaml.ConfigFile` reads its files."""
        if request.tok != DECODE:
            raise NotInSandbox(
                f"{request.tok} needs the Pulumi CLI and its Kubernetes provider; the sandbox has neither"
            )
        return protocol.InvokeResponse(decode(request.args))

    async def cancel(self) -> None:
        """Stop waiting."""
        self._cancelled.set()

    def _checked(self, request: protocol.CheckRequest, kind: ResourceType) -> protocol.CheckResponse:
        destination, settings = self._destination(request.urn), self._configured()
        inputs, old = plain(request.new_inputs), plain(request.old_inputs).value
        hide(inputs, kind)
        urn = urns.parse(request.urn)
        seed = request.random_seed
        item = self._declarations.complete(inputs.value, old or None, kind, urn, seed, destination, settings)
        if (kind.group, kind.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition"):
            destination.expect_definition(item)
        problems = self._declarations.problems(item, old or None, kind, request.urn, destination, settings)
        failures = [protocol.CheckFailure(written(path), without_secrets(reason)) for path, reason in problems]
        if failures:
            return protocol.CheckResponse(failures=failures)
        return protocol.CheckResponse(inputs=properties(item, inputs.secrets | _secret_fields(kind)))

    def _compared(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        new = plain(request.new_inputs)
        kind = of_token(urns.parse(request.urn).token)
        hide(new, kind)
        declared = self._declaration(new, kind, request.ignore_changes)
        old = plain(request.old_state).value
        return diff_response(old, new.value, declared, self._destination(request.urn), self._configured())

    def _created(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        inputs, kind = plain(request.properties), of_token(urns.parse(request.urn).token)
        hide(inputs, kind)
        declared = self._declaration(inputs, kind)
        destination = self._destination(request.urn)
        if not request.preview:
            live = destination.write(declared)
            return protocol.CreateResponse(declared.where.resource_id, outputs(live, inputs, kind))
        try:
            live = destination.preview(declared)
        except ImmutableField:
            # The object that is there is to be replaced by this one: it goes first.
            live = declared.item
        return protocol.CreateResponse(None, outputs(live, inputs, kind, planned=True))

    def _updated(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        inputs, kind = plain(request.news), of_token(urns.parse(request.urn).token)
        hide(inputs, kind)
        declared = self._declaration(inputs, kind, request.ignore_changes)
        destination = self._destination(request.urn)
        live = destination.preview(declared) if request.preview else destination.write(declared)
        return protocol.UpdateResponse(outputs(live, inputs, kind))

    def _read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        kind, old = of_token(urns.parse(request.urn).token), plain(request.inputs)
        destination = self._destination(request.urn)
        live = destination.read(kind, from_resource_id(request.resource_id))
        if live is None:
            return protocol.ReadResponse(None)
        # Objects that pulumi_kubernetes's `get` reads come without inputs.
        known = Inputs(old.value, old.secrets | plain(request.properties).secrets)
        declared = destination.declared_part(as_declared(live, old.value), old.value or None)
        return protocol.ReadResponse(
            request.resource_id,
            outputs(live, known, kind),
            properties(declared, known.secrets | _secret_fields(kind)),
        )

    def _deleted(self, request: protocol.DeleteRequest) -> None:
        kind, recorded = of_token(urns.parse(request.urn).token), plain(request.properties).value
        if self._declarations.owned_by_another(recorded, kind, request.urn):
            return
        where = from_resource_id(request.resource_id)
        self._destination(request.urn).delete(kind, where, recorded, request.timeout)

    def _undone(self, creation: Unfinished) -> str | None:
        kind, item = of_token(urns.parse(creation.urn).token), plain(creation.inputs).value
        where, destination = identity(item), self._destination(creation.urn)
        created = destination.created(kind, where)
        if created is None or not creation.may_have_made(where.resource_id, created):
            return None
        destination.delete(kind, where, item, 0)
        return where.of(kind)

    def _declaration(self, inputs: Inputs, kind: ResourceType, ignored: list[str] | None = None) -> Declaration:
        item = as_stored(inputs.value) if kind.is_secret else inputs.value
        item = {key: value for key, value in item.items() if key != "status"}
        force = annotations_of(item).get(PATCH_FORCE)
        return Declaration(
            item,
            kind,
            force=self._configured().force_conflicts if force is None else force == "true",
            ignored=tuple(parsed(path) for path in ignored or ()),
        )

    def _configured(self) -> ClusterSettings:
        if self._settings is None:
            self._settings = ClusterSettings.read({})
        return self._settings

    def _destination(self, urn: str) -> Destination:
        settings, place = self._configured(), urns.parse(urn)
        key = ("", "") if settings.kubeconfig else (place.project, place.stack)
        with self._lock:
            if key not in self._destinations:
                self._destinations[key] = self._opened(settings, place)
            return self._destinations[key]

    def _opened(self, settings: ClusterSettings, place: urns.Urn) -> Destination:
        if settings.kubeconfig is None:
            return ManifestsFolder(settings.home, place.project, place.stack)
        from pulumi_modelstore_sandbox.cluster.api_server.connection import Connection
        from pulumi_modelstore_sandbox.cluster.api_server.objects import ApiServerObjects

        return ApiServerObjects(Connection(settings.kubeconfig), self._cancelled)

    async def _run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do the work here where it takes no time, else beside the event loop."""
        if self._configured().kubeconfig is None:
            return work(*args, **kwargs)
        return await asyncio.to_thread(work, *args, **kwargs)


def _secret_fields(kind: ResourceType) -> frozenset[tuple[str | int, ...]]:
    return SECRET_FIELDS if kind.is_secret else frozenset()
