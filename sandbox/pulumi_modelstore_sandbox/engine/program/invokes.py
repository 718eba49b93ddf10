"""Calls of providers' functions from the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import provider_pb2, resource_pb2

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.program.packages import Package, Packages
from pulumi_modelstore_sandbox.engine.program.registrations import Registrations
from pulumi_modelstore_sandbox.engine.program.transforms import Transforms
from pulumi_modelstore_sandbox.engine.providers.registry import unknown_provider
from pulumi_modelstore_sandbox.engine.values import from_struct, to_struct

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.planner.default_providers import DefaultProviders
    from pulumi_modelstore_sandbox.engine.providers.client import ProviderClient
    from pulumi_modelstore_sandbox.engine.run import Run


class Invokes:
    """Finds the provider of a function and calls it."""

    def __init__(
        self,
        run: Run,
        registrations: Registrations,
        transforms: Transforms,
        packages: Packages,
        defaults: DefaultProviders,
    ) -> None:
        self._run = run
        self._registrations = registrations
        self._transforms = transforms
        self._packages = packages
        self._defaults = defaults

    def invoke(self, request: Any) -> Any:
        """Call a function. Raises ProviderFailed, CallbackFailed, and ValueError for a bad request."""
        package = self._package(request, request.tok)
        given = self._registrations.provider(request.provider, {}, request.parent, package.name)
        options = resource_pb2.TransformInvokeOptions(
            provider=given, version=package.version, plugin_download_url=package.download_url
        )
        arguments, options = self._transforms.invoke(request.tok, request.args, options)
        if not request.packageRef:
            package = Package(package.name, options.version, options.plugin_download_url)
        values = from_struct(arguments)
        self._run.redaction.learn(values)
        provider = self._provider(options.provider, package, request.tok)
        if not provider.known:
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        returned = provider.invoke(request.tok, values, preview=self._run.preview)
        self._run.redaction.learn(returned.inputs)
        response = resource_pb2.ResourceInvokeResponse(
            failures=[
                provider_pb2.CheckFailure(property=item.property, reason=item.reason) for item in returned.failures
            ]
        )
        getattr(response, "return").CopyFrom(to_struct(returned.inputs))
        return response

    def exists(self, request: Any) -> Any:
        """Tell whether there is a resource. Raises as `invoke` does."""
        package = self._package(request, request.type)
        given = self._registrations.provider(request.provider, {}, request.parent, package.name)
        provider = self._provider(given, package, request.type)
        if not provider.known:
            return resource_pb2.ExistsResourceResponse(unknown=True)
        target = self._run.target
        urn = urns.child(target.stack, target.project, request.parent, request.type, "exists")
        found = provider.read(urn, request.id, None, from_struct(request.properties))
        return resource_pb2.ExistsResourceResponse(exists=found is not None)

    def _package(self, request: Any, token: str) -> Package:
        if request.packageRef:
            return self._packages.get(request.packageRef)
        return Package(urns.package_of(token), request.version, request.pluginDownloadURL)

    def _provider(self, given: str, package: Package, token: str) -> ProviderClient:
        reference = urns.parse_reference(given) if given else self._defaults.reference(package, token, "")
        provider = self._run.registry.get(reference)
        if provider is None:
            raise unknown_provider(str(reference), token)
        return provider
