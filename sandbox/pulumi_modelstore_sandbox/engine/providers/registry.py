"""The run's configured providers, by reference; and the life of provider resources themselves."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Final

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.diffing import Diff, identical
from pulumi_modelstore_sandbox.engine.providers.answers import Applied, Checked
from pulumi_modelstore_sandbox.engine.providers.client import ProviderClient
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.providers.host import Host
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.urn import ProviderReference
from pulumi_modelstore_sandbox.engine.values import UNKNOWN_STRING, Properties

INTERNAL_KEY: Final = "__internal"
"""Inputs of a provider resource that are the engine's own (download address, parameters)."""


class Registry:
    """Loads, checks and configures providers. Every method raises ProviderFailed."""

    def __init__(self, load: Callable[[str], Host]) -> None:
        self._load = load
        self._configured: dict[ProviderReference, ProviderClient] = {}
        self._checked: dict[str, ProviderClient] = {}
        self._aliases: dict[str, str] = {}
        self._lock = threading.RLock()

    def get(self, reference: ProviderReference) -> ProviderClient | None:
        """Return a configured provider."""
        with self._lock:
            found = self._configured.get(reference)
            if found is None and (alias := self._aliases.get(reference.urn)) is not None:
                found = self._configured.get(reference._replace(urn=alias))
            return found

    def rename(self, before: str, after: str) -> None:
        """Let a provider be found by the URN that it had before, too."""
        with self._lock:
            self._aliases[before] = after
            self._aliases[after] = before

    def check(self, urn: str, olds: Properties, news: Properties) -> Checked:
        """Check a provider's inputs."""
        client = ProviderClient(self._load(urns.package_of(urns.type_of(urn))))
        checked = client.check_config(urn, without_internal(olds), without_internal(news))
        if checked.failures:
            return checked
        inputs = dict(checked.inputs)
        for key in ("version", INTERNAL_KEY):
            if key in news:
                inputs[key] = news[key]
        with self._lock:
            self._checked[urn] = client
        return Checked(inputs)

    def diff(self, state: ResourceState, news: Properties) -> Diff:
        """Compare a provider's recorded inputs with new ones."""
        client = self._checked.get(state.urn) or self.get(ProviderReference(state.urn, state.id))
        if client is None:
            client = self.same(state)
        wanted = without_internal(news)
        diff = client.diff_config(state.urn, without_internal(state.inputs), state.outputs, wanted)
        if diff.changed is None:
            diff = Diff(changed=not identical(state.outputs, wanted), keys=diff.keys, replace_keys=diff.replace_keys)
        return diff

    def same(self, state: ResourceState) -> ProviderClient:
        """Configure a provider as it is recorded, once."""
        reference = ProviderReference(state.urn, state.id)
        with self._lock:
            if (found := self._configured.get(reference)) is not None:
                return found
            client = self._checked.pop(state.urn, None)
            if client is None:
                client = ProviderClient(self._load(urns.package_of(state.type)))
            client.configure(state.urn, state.id, without_internal(state.inputs))
            self._configured[reference] = client
            return client

    def create(self, urn: str, inputs: Properties, *, preview: bool) -> Applied:
        """Configure a new provider. In a preview its id is `UNKNOWN_STRING`."""
        return self._apply(urn, UNKNOWN_STRING if preview else str(uuid.uuid4()), inputs)

    def update(self, urn: str, identity: str, inputs: Properties) -> Applied:
        """Configure a provider anew; it keeps its id."""
        return self._apply(urn, identity, inputs)

    def _apply(self, urn: str, identity: str, inputs: Properties) -> Applied:
        with self._lock:
            client = self._checked.pop(urn, None)
        if client is None:
            client = ProviderClient(self._load(urns.package_of(urns.type_of(urn))))
        filtered = without_internal(inputs)
        client.configure(urn, identity, filtered)
        with self._lock:
            self._configured[ProviderReference(urn, identity)] = client
        return Applied(identity, filtered)


def without_internal(inputs: Properties) -> Properties:
    """Return a provider's inputs without the engine's own."""
    return {key: value for key, value in inputs.items() if key != INTERNAL_KEY}


def unknown_provider(reference: str, urn: str) -> ProviderFailed:
    """Say that a resource's provider is not to be had."""
    return ProviderFailed(f"the provider {reference} of {urn} is neither registered by the program nor recorded")
