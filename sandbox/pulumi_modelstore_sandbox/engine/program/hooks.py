"""Resource hooks: functions of the program that run before and after a step, and when one fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from pulumi.runtime.proto import resource_pb2

from pulumi_modelstore_sandbox.engine.program.callbacks import CallbackFailed, Callbacks
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.report import Report
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import to_struct

MOST_RETRIES: Final = 100
"""How often an error hook can have a step tried again; the CLI's limit."""

T = TypeVar("T")


class Hooks:
    """The hooks that the program has registered."""

    def __init__(self, callbacks: Callbacks, report: Report, *, preview: bool) -> None:
        self._callbacks = callbacks
        self._report = report
        self._preview = preview
        self._hooks: dict[str, Any] = {}
        self._error_hooks: dict[str, Any] = {}

    def register(self, request: Any) -> None:
        """Take a `RegisterResourceHookRequest`. Raises ValueError when the name is taken."""
        self._register(self._hooks, request)

    def register_error(self, request: Any) -> None:
        """Take a `RegisterErrorHookRequest`. Raises ValueError when the name is taken."""
        self._register(self._error_hooks, request)

    def run(
        self, kind: str, names: Mapping[str, Sequence[str]], new: ResourceState | None, old: ResourceState | None
    ) -> None:
        """Run a resource's hooks of one kind (`before_create` ...). Raises ProviderFailed when one fails."""
        for name in names.get(kind, ()):
            hook = self._hooks.get(name)
            if hook is None:
                self._missing(kind, name, new, old)
                continue
            if self._preview and not hook.on_dry_run:
                continue
            request = resource_pb2.ResourceHookRequest(**_told(new, old))
            try:
                error = self._callbacks.call(hook.callback, request, resource_pb2.ResourceHookResponse).error
            except CallbackFailed as failure:
                error = str(failure)
            if error and hook.ignore_errors:
                self._report.say("warning", f"the {kind} hook {name!r} failed: {error}", request.urn)
            elif error:
                raise ProviderFailed(f"the {kind} hook {name!r} failed: {error}")

    def after(
        self, kind: str, names: Mapping[str, Sequence[str]], new: ResourceState | None, old: ResourceState | None
    ) -> None:
        """Run hooks after a step; the step is done, so a failing one fails the run only."""
        try:
            self.run(kind, names, new, old)
        except ProviderFailed as failure:
            subject = new or old
            self._report.say("error", failure.message, subject.urn if subject else "")

    def retrying(self, operation: str, new: ResourceState | None, old: ResourceState | None, act: Callable[[], T]) -> T:
        """Act; when that fails, ask the resource's error hooks whether to act again."""
        errors: list[str] = []
        while True:
            try:
                return act()
            except ProviderFailed as failure:
                errors.insert(0, failure.message)
                if len(errors) > MOST_RETRIES or not self._try_again(operation, new, old, errors):
                    raise

    def _try_again(
        self, operation: str, new: ResourceState | None, old: ResourceState | None, errors: Sequence[str]
    ) -> bool:
        subject = new or old
        names = subject.resource_hooks.get("on_error", ()) if subject else ()
        told = {key: value for key, value in _told(new, old).items() if key != "new_outputs"}
        again = False
        for name in names:
            hook = self._error_hooks.get(name)
            if hook is None:
                continue
            request = resource_pb2.ErrorHookRequest(**told, failed_operation=operation, errors=errors)
            try:
                response = self._callbacks.call(hook.callback, request, resource_pb2.ErrorHookResponse)
            except CallbackFailed as failure:
                raise ProviderFailed(f"the error hook {name!r} failed: {failure}") from failure
            if response.error:
                raise ProviderFailed(f"the error hook {name!r} failed: {response.error}")
            again = again or response.retry
        return again

    def _missing(self, kind: str, name: str, new: ResourceState | None, old: ResourceState | None) -> None:
        subject = new or old
        message = f"the {kind} hook {name!r} is skipped: the program that defines it does not run or no longer has it"
        self._report.say("warning", message, subject.urn if subject else "")

    @staticmethod
    def _register(hooks: dict[str, Any], request: Any) -> None:
        if request.name in hooks:
            raise ValueError(f"the hook {request.name!r} is registered twice; give each hook a name of its own")
        hooks[request.name] = request


def _told(new: ResourceState | None, old: ResourceState | None) -> dict[str, Any]:
    subject = new or old
    if subject is None:
        raise ValueError("a hook is about a resource, old or new")
    return {
        "urn": subject.urn,
        "id": subject.id,
        "name": subject.name,
        "type": subject.type,
        "new_inputs": to_struct(new.inputs) if new else None,
        "old_inputs": to_struct(old.inputs) if old else None,
        "new_outputs": to_struct(new.outputs) if new else None,
        "old_outputs": to_struct(old.outputs) if old else None,
    }
