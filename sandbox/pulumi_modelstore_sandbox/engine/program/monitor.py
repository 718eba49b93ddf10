"""The seam between the SDK and the engine: the object that the SDK takes for its resource monitor.

Its methods are the protocol's, called by the SDK in threads of its own; each returns when the engine has done its part.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf import empty_pb2
from pulumi import RunError
from pulumi.runtime.proto import resource_pb2

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.executor import Result
from pulumi_modelstore_sandbox.engine.planner.default_providers import DefaultProviders
from pulumi_modelstore_sandbox.engine.planner.planner import Planner
from pulumi_modelstore_sandbox.engine.program.callbacks import CallbackFailed
from pulumi_modelstore_sandbox.engine.program.invokes import Invokes
from pulumi_modelstore_sandbox.engine.program.outputs import Outputs
from pulumi_modelstore_sandbox.engine.program.packages import NeedsTheCli, Package, Packages
from pulumi_modelstore_sandbox.engine.program.registrations import Registrations
from pulumi_modelstore_sandbox.engine.program.requests import source_position
from pulumi_modelstore_sandbox.engine.program.transforms import Transforms
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.run import Run
from pulumi_modelstore_sandbox.engine.values import from_struct, to_struct

FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
)


class Monitor:
    """Answers the SDK. `finish` runs when the program has registered all that it wants."""

    def __init__(self, run: Run, planner: Planner, finish: Callable[[], None]) -> None:
        self._run = run
        self._planner = planner
        self._finish = finish
        self._packages = Packages()
        self._transforms = Transforms(run.callbacks)
        self._defaults = DefaultProviders(run.target, planner.register)
        self._registrations = Registrations(run.target, self._transforms, self._packages, self._defaults)
        self._invokes = Invokes(run, self._registrations, self._transforms, self._packages, self._defaults)
        self.outputs = Outputs(run)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802, ARG002 - the protocol's signature
        """Tell the SDK what the engine can do."""
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take a resource to what the program wants of it."""
        if request.remote:
            raise RunError(
                f"{request.type} {request.name!r} needs the Pulumi CLI: it is a component of another process (Helm "
                "charts, kubernetes YAML v2 and multi-language components are); deploy this stack with pulumi up."
            )
        with _told_plainly():
            goal, providers = self._registrations.goal(request)
            result = self._planner.register(goal)
        self._registrations.remember(result.urn, request, goal, providers)
        if not result.failed and not result.skipped and result.state is not None:
            self.outputs.expect(result.state)
        return self._answer(result, custom=request.custom)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take the outputs of a component or of the stack."""
        self.outputs.take(request.urn, from_struct(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Read a resource that the stack does not own."""
        with _told_plainly():
            result = self._planner.read(self._wanted(request))
        self._transforms.remember(result.urn, request.parent, [])
        state = result.state
        if state is None or result.failed or result.skipped:
            return resource_pb2.ReadResourceResponse(urn=result.urn, result=resource_pb2.FAIL)
        return resource_pb2.ReadResourceResponse(urn=state.urn, properties=to_struct(state.outputs), id=state.id)

    def ExistsResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Tell whether there is a resource of this id."""
        with _told_plainly():
            return self._invokes.exists(request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Call a function of a provider."""
        with _told_plainly():
            return self._invokes.invoke(request)

    def Call(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Refuse to call a method of a component of another process."""
        raise RunError(f"The method {request.tok} needs the Pulumi CLI: deploy this stack with pulumi up.")

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take a package."""
        with _told_plainly():
            return resource_pb2.RegisterPackageResponse(ref=self._packages.register(request))

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take a transform of every resource."""
        self._transforms.add_for_stack(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take a transform of every invoke."""
        self._transforms.add_for_invokes(request)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take a hook."""
        with _told_plainly():
            self._run.hooks.register(request)
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take an error hook."""
        with _told_plainly():
            self._run.hooks.register_error(request)
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802, ARG002 - the protocol's signature
        """Finish the run while the program can still be called back: its hooks on deletions run now."""
        self._finish()
        return empty_pb2.Empty()

    def _wanted(self, request: Any) -> ResourceState:
        package = Package(urns.package_of(request.type), request.version, request.pluginDownloadURL)
        if request.packageRef:
            package = self._packages.get(request.packageRef)
        provider = self._registrations.provider(request.provider, {}, request.parent, package.name)
        provider = provider or str(self._defaults.reference(package, request.type, request.name))
        target = self._run.target
        return ResourceState(
            urn=urns.child(target.stack, target.project, request.parent, request.type, request.name),
            type=request.type,
            custom=True,
            external=True,
            id=request.id,
            inputs=from_struct(request.properties),
            parent=request.parent,
            provider=provider,
            dependencies=sorted(request.dependencies),
            additional_secret_outputs=list(request.additionalSecretOutputs),
            source_position=source_position(request.sourcePosition, target.root),
        )

    @staticmethod
    def _answer(result: Result, *, custom: bool) -> Any:
        state = result.state
        if result.failed or result.skipped or state is None:
            return resource_pb2.RegisterResourceResponse(urn=result.urn, result=resource_pb2.FAIL)
        # A component's recorded outputs may refer to resources that are not registered yet.
        outputs = to_struct(state.outputs if custom else {})
        return resource_pb2.RegisterResourceResponse(urn=state.urn, id=state.id, object=outputs)


@contextlib.contextmanager
def _told_plainly() -> Iterator[None]:
    """Let the SDK tell a refusal as one sentence, without a traceback of the engine."""
    try:
        yield
    except ProviderFailed as failure:
        raise RunError(failure.message) from failure
    except (ValueError, CallbackFailed, NeedsTheCli) as error:
        raise RunError(str(error)) from error
