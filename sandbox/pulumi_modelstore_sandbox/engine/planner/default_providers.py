"""Providers that the engine registers by itself, for resources that name none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from pulumi_modelstore_sandbox.engine.executor import Result
from pulumi_modelstore_sandbox.engine.goal import Goal
from pulumi_modelstore_sandbox.engine.program.packages import Package
from pulumi_modelstore_sandbox.engine.program.registrations import with_version
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.providers.sources import DYNAMIC_PACKAGE
from pulumi_modelstore_sandbox.engine.target import Target
from pulumi_modelstore_sandbox.engine.urn import PROVIDER_PREFIX, ProviderReference
from pulumi_modelstore_sandbox.engine.values import Properties, Secret


class DefaultProviders:
    """One provider for each package and version in use, registered when the first resource needs it."""

    def __init__(self, target: Target, register: Callable[[Goal], Result]) -> None:
        self._target = target
        self._register = register
        self._references: dict[Package, ProviderReference] = {}
        self._lock = threading.Lock()

    def reference(self, package: Package, resource_type: str, name: str) -> ProviderReference:
        """Return the default provider of a package. Raises ProviderFailed, or ValueError for a bad version."""
        if self._denied(package.name):
            raise ProviderFailed(
                f"the default provider of {package.name} is disabled (pulumi:disable-default-providers); "
                f"give {resource_type} {name!r} a provider"
            )
        with self._lock:
            reference = self._references.get(package)
            if reference is None:
                reference = self._references[package] = self._make(package)
            return reference

    def _make(self, package: Package) -> ProviderReference:
        goal = Goal(
            type=f"{PROVIDER_PREFIX}{package.name}",
            name=package.default_provider,
            custom=True,
            properties=with_version(self._configuration(package.name), package),
        )
        result = self._register(goal)
        if result.state is None or result.failed:
            raise ProviderFailed(
                result.reason or f"the provider of the package {package.name} could not be set up; see above"
            )
        return ProviderReference(result.state.urn, result.state.id)

    def _configuration(self, package: str) -> Properties:
        settings: Properties = {}
        for key, value in sorted(self._target.config.items()):
            namespace, _, name = key.partition(":")
            kept = Secret(value) if key in self._target.secret_keys else value
            if package == DYNAMIC_PACKAGE:
                settings[key] = kept
            elif namespace == package:
                settings[name] = kept
        return settings

    def _denied(self, package: str) -> bool:
        text = self._target.config.get("pulumi:disable-default-providers", "")
        if not text or package == "pulumi":
            return False
        barred: Any = json.loads(text)
        return isinstance(barred, list) and any(item in ("*", package) for item in barred)
