"""From a registration to a goal: what parents pass on, transforms, and the provider that is to serve it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_sandbox.engine import paths
from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.goal import Goal
from pulumi_modelstore_sandbox.engine.program import requests
from pulumi_modelstore_sandbox.engine.program.packages import Package, Packages
from pulumi_modelstore_sandbox.engine.program.transforms import Transforms
from pulumi_modelstore_sandbox.engine.providers.registry import INTERNAL_KEY
from pulumi_modelstore_sandbox.engine.providers.sources import program_folder
from pulumi_modelstore_sandbox.engine.values import Properties, from_wire

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.planner.default_providers import DefaultProviders
    from pulumi_modelstore_sandbox.engine.target import Target


class Registrations:
    """Reads registrations, and remembers what their children get."""

    def __init__(self, target: Target, transforms: Transforms, packages: Packages, defaults: DefaultProviders) -> None:
        self._root = target.root
        self._folder = program_folder(target.main)
        self._transforms = transforms
        self._packages = packages
        self._defaults = defaults
        self._lock = threading.Lock()
        self._inherited: dict[str, requests.Inherited] = {}
        self._component_providers: dict[str, dict[str, str]] = {}

    def goal(self, request: Any) -> tuple[Goal, dict[str, str]]:
        """Read a registration; also return the providers that a component's children get.

        Raises ValueError for options that cannot be read, CallbackFailed and ProviderFailed.
        """
        with self._lock:
            if (parent := self._inherited.get(request.parent)) is not None:
                requests.inherit(request, parent)
                self._inherit_provider(request, parent.provider)
        dependencies = set(request.dependencies)
        by_property = {key: set(item.urns) for key, item in request.propertyDependencies.items()}
        if not by_property:
            by_property = {key: set(dependencies) for key in request.object.fields}
        package = urns.package_of(request.type)
        provider = self.provider(request.provider, request.providers, request.parent, package) if request.custom else ""
        struct = requests.as_outputs(request.object, by_property) if request.transforms else request.object
        struct, options = self._transforms.resource(
            request, struct, requests.options_of(request, provider or request.provider)
        )
        in_values = {key: requests.dependencies_in(value) for key, value in struct.fields.items()}
        if request.transforms:
            by_property = in_values
            dependencies = set(options.depends_on).union(*in_values.values())
        else:
            by_property = {
                key: by_property.get(key, set()) | in_values.get(key, set()) for key in {**by_property, **in_values}
            }
        properties = requests.properties_of(struct, self._folder)
        providers = self._component_wide(request, dict(options.providers))
        goal = self._read(request, options, properties, dependencies, by_property)
        return goal, providers

    def remember(self, urn: str, request: Any, goal: Goal, providers: dict[str, str]) -> None:
        """Remember a registered resource for its children."""
        self._transforms.remember(urn, request.parent, list(request.transforms))
        with self._lock:
            self._inherited[urn] = requests.Inherited(
                goal.protect, goal.retain_on_delete, goal.deleted_with, goal.provider
            )
            if not goal.custom:
                self._component_providers[urn] = providers

    def provider(self, given: str, providers: Any, parent: str, package: str) -> str:
        """Return the reference of the provider that is named for a resource or by its parent, if any."""
        if given:
            return given
        if package in providers:
            return str(providers[package])
        with self._lock:
            return self._component_providers.get(parent, {}).get(package, "")

    def _read(
        self,
        request: Any,
        options: Any,
        properties: Properties,
        dependencies: set[str],
        by_property: dict[str, set[str]],
    ) -> Goal:
        is_provider = urns.is_provider(request.type)
        package = Package(urns.package_of(request.type), options.version, options.plugin_download_url)
        if request.packageRef:
            package = self._packages.get(request.packageRef)
        provider = ""
        if request.custom and not is_provider:
            provider = options.provider or str(self._defaults.reference(package, request.type, request.name))
        if is_provider:
            properties = with_version(properties, package)
        for path in (*options.replace_on_changes, *options.hide_diff):
            paths.parse(path)
        trigger = from_wire(options.replacement_trigger) if options.HasField("replacement_trigger") else None
        return Goal(
            type=request.type,
            name=request.name,
            custom=request.custom,
            properties=properties,
            parent=request.parent,
            provider=provider,
            protect=options.protect if options.HasField("protect") else None,
            dependencies=sorted(dependencies),
            property_dependencies={key: sorted(deps) for key, deps in by_property.items()},
            delete_before_replace=options.delete_before_replace if options.HasField("delete_before_replace") else None,
            ignore_changes=list(options.ignore_changes),
            hide_diff=list(options.hide_diff),
            replace_on_changes=list(options.replace_on_changes),
            replacement_trigger=trigger,
            additional_secret_outputs=list(options.additional_secret_outputs),
            aliases=requests.aliases_of(options.aliases),
            import_id=getattr(options, "import"),
            custom_timeouts=requests.timeouts_of(options.custom_timeouts),
            retain_on_delete=options.retain_on_delete if options.HasField("retain_on_delete") else None,
            deleted_with=options.deleted_with,
            replace_with=list(options.replace_with),
            source_position=requests.source_position(request.sourcePosition, self._root),
            resource_hooks=requests.hooks_of(options.hooks),
        )

    def _component_wide(self, request: Any, providers: dict[str, str]) -> dict[str, str]:
        if request.custom:
            return providers
        with self._lock:
            return {**self._component_providers.get(request.parent, {}), **providers}

    @staticmethod
    def _inherit_provider(request: Any, provider: str) -> None:
        if request.provider or not provider:
            return
        of_package = urns.package_of(urns.type_of(urns.parse_reference(provider).urn))
        if not request.custom or of_package == urns.package_of(request.type):
            request.provider = provider


def with_version(properties: Properties, package: Package) -> Properties:
    """Return a provider's inputs with the version and the address of its plugin, as the state keeps them."""
    if not package.version and not package.download_url:
        return properties
    internal = {"pluginDownloadURL": package.download_url} if package.download_url else {}
    version = {"version": package.version} if package.version else {}
    return {**properties, **version, INTERNAL_KEY: internal}
