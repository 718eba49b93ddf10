"""One configured provider: the protocol's messages, with Pulumi's rules for secrets, unknowns and previews."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from pulumi.runtime.proto import provider_pb2

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.diffing import Diff
from pulumi_modelstore_sandbox.engine.providers import answers, wire
from pulumi_modelstore_sandbox.engine.providers.answers import Applied, Checked
from pulumi_modelstore_sandbox.engine.providers.failure import (
    ConfigurationUnknown,
    PartialResource,
    ProviderFailed,
    Unimplemented,
)
from pulumi_modelstore_sandbox.engine.providers.host import Host, UndoingHost
from pulumi_modelstore_sandbox.engine.values import Properties, contains_unknown, from_struct, to_struct


class ProviderClient:
    """A provider as the engine uses it. Every method but `configure` raises ProviderFailed."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._accepts = wire.Accepts()
        self._supports_preview = False
        self._known = True

    def check_config(self, urn: str, olds: Properties, news: Properties) -> Checked:
        """Check a provider's own inputs."""
        request = provider_pb2.CheckRequest(**answers.named(urn), olds=wire.in_clear(olds), news=wire.in_clear(news))
        try:
            response = self.host.call("CheckConfig", request)
        except Unimplemented:
            return Checked(news)
        inputs = from_struct(response.inputs) if response.HasField("inputs") else {}
        return Checked(wire.marking_secrets(inputs, news), answers.failures(response))

    def diff_config(self, urn: str, old_inputs: Properties, olds: Properties, news: Properties) -> Diff:
        """Compare a provider's recorded inputs with new ones."""
        request = provider_pb2.DiffRequest(
            **answers.named(urn),
            old_inputs=wire.in_clear(old_inputs),
            olds=wire.in_clear(olds),
            news=wire.in_clear(news),
        )
        try:
            return answers.diff(self.host.call("DiffConfig", request))
        except Unimplemented:
            return Diff(changed=None)

    def configure(self, urn: str, identity: str, inputs: Properties) -> None:
        """Configure the provider, unless its inputs are not known yet. Raises ProviderFailed."""
        kept = {key: value for key, value in inputs.items() if key != "version"}
        if any(contains_unknown(value) for value in kept.values()):
            self._known = False
            return
        package = urns.package_of(urns.type_of(urn))
        request = provider_pb2.ConfigureRequest(
            id=identity,
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            variables={f"{package}:config:{key}": wire.as_text(value) for key, value in kept.items()},
            args=to_struct(inputs),
            **answers.named(urn),
        )
        response = self.host.call("Configure", request)
        self._accepts = wire.Accepts(secrets=response.acceptSecrets, resources=response.acceptResources)
        self._supports_preview = response.supportsPreview
        self._known = True

    def check(self, urn: str, olds: Properties | None, news: Properties, seed: bytes, *, unknowns: bool) -> Checked:
        """Check and complete a resource's inputs; `olds` are the recorded inputs, if the resource stays what it is."""
        if not self._known:
            return Checked(news)
        request = provider_pb2.CheckRequest(
            **answers.named(urn),
            olds=self._accepts.struct(olds or {}, unknowns=unknowns),
            news=self._accepts.struct(news, unknowns=unknowns),
            randomSeed=seed,
        )
        response = self.host.call("Check", request)
        inputs = from_struct(response.inputs) if response.HasField("inputs") else {}
        return Checked(self._marking_secrets(inputs, news), answers.failures(response))

    def diff(
        self,
        urn: str,
        identity: str,
        old_inputs: Properties,
        olds: Properties,
        news: Properties,
        ignore_changes: Sequence[str],
        *,
        unknowns: bool,
    ) -> Diff:
        """Compare a resource as recorded with new inputs."""
        if not self._known:
            raise ConfigurationUnknown
        request = provider_pb2.DiffRequest(
            **answers.named(urn),
            id=identity,
            old_inputs=self._accepts.struct(old_inputs, unknowns=unknowns),
            olds=self._accepts.struct(olds, unknowns=unknowns),
            news=self._accepts.struct(news, unknowns=unknowns),
            ignoreChanges=ignore_changes,
        )
        return answers.diff(self.host.call("Diff", request))

    def create(self, urn: str, inputs: Properties, timeout: float, *, preview: bool) -> Applied:
        """Create a resource; a preview tells what is known of it."""
        if preview and not self._known:
            return Applied("", {})
        if preview and not self._supports_preview:
            return Applied("", dict(inputs))
        request = provider_pb2.CreateRequest(
            **answers.named(urn),
            properties=self._accepts.struct(inputs, unknowns=preview),
            timeout=timeout,
            preview=preview,
        )
        try:
            response = self.host.call("Create", request)
        except ProviderFailed as failure:
            return self._partial(failure, inputs)
        if not response.id and not preview:
            raise ProviderFailed("the provider created the resource but gave no id; nothing is recorded")
        return Applied(response.id, self._marking_secrets(from_struct(response.properties), inputs))

    def update(
        self,
        urn: str,
        identity: str,
        old_inputs: Properties,
        olds: Properties,
        news: Properties,
        timeout: float,
        ignore_changes: Sequence[str],
        *,
        preview: bool,
    ) -> Applied:
        """Update a resource; a preview tells what is known of it."""
        if preview and not self._known:
            return Applied(identity, {})
        if preview and not self._supports_preview:
            return Applied(identity, dict(news))
        request = provider_pb2.UpdateRequest(
            **answers.named(urn),
            id=identity,
            old_inputs=self._accepts.struct(old_inputs, unknowns=preview),
            olds=self._accepts.struct(olds, unknowns=preview),
            news=self._accepts.struct(news, unknowns=preview),
            timeout=timeout,
            ignoreChanges=ignore_changes,
            preview=preview,
        )
        try:
            response = self.host.call("Update", request)
        except ProviderFailed as failure:
            return self._partial(failure, news)
        return Applied(identity, self._marking_secrets(from_struct(response.properties), news))

    def read(self, urn: str, identity: str, inputs: Properties | None, state: Properties) -> Applied | None:
        """Read a resource; None when it does not exist."""
        request = provider_pb2.ReadRequest(
            **answers.named(urn),
            id=identity,
            properties=self._accepts.struct(state),
            inputs=None if inputs is None else self._accepts.struct(inputs),
        )
        try:
            response = self.host.call("Read", request)
        except ProviderFailed as failure:
            if failure.partial is None:
                raise
            response = provider_pb2.ReadResponse(
                id=failure.partial.id, properties=failure.partial.properties, inputs=failure.partial.inputs
            )
            errors = failure.partial.reasons
        else:
            errors = []
        if not response.id:
            return None
        outputs = self._marking_secrets(from_struct(response.properties), state)
        read_inputs = None
        if response.HasField("inputs"):
            read_inputs = self._marking_secrets(from_struct(response.inputs), inputs or {})
        return Applied(response.id, outputs, read_inputs, errors)

    def delete(self, urn: str, identity: str, inputs: Properties, outputs: Properties, timeout: float) -> None:
        """Delete a resource."""
        request = provider_pb2.DeleteRequest(
            **answers.named(urn),
            id=identity,
            properties=self._accepts.struct(outputs),
            old_inputs=self._accepts.struct(inputs),
            timeout=timeout,
        )
        self.host.call("Delete", request)

    def invoke(self, token: str, arguments: Properties, *, preview: bool) -> Checked:
        """Call a function of the provider; `inputs` of the answer is what it returned."""
        if not self._known:
            raise ConfigurationUnknown
        request = provider_pb2.InvokeRequest(
            tok=token, args=self._accepts.struct(arguments, unknowns=preview), preview=preview
        )
        response = self.host.call("Invoke", request)
        returned = getattr(response, "return")
        return Checked(from_struct(returned), answers.failures(response))

    @property
    def known(self) -> bool:
        """Whether the provider's configuration is known."""
        return self._known

    def _marking_secrets(self, outputs: Properties, inputs: Properties) -> Properties:
        return outputs if self._accepts.secrets else wire.marking_secrets(outputs, inputs)

    def _partial(self, failure: ProviderFailed, inputs: Properties) -> Applied:
        partial: PartialResource | None = failure.partial
        if partial is None:
            raise failure
        outputs = self._marking_secrets(from_struct(partial.properties), inputs)
        return Applied(partial.id, outputs, init_errors=partial.reasons or [failure.message])

    @property
    def undoes(self) -> bool:
        """Whether `remove_unfinished` can tell what a creation made."""
        return isinstance(self.host, UndoingHost) and self.host.undoes

    def remove_unfinished(
        self, urn: str, inputs: Properties, began: datetime.datetime, recorded: frozenset[str]
    ) -> str | None:
        """Remove what an interrupted creation made, and return its name; raises Unimplemented where none can tell."""
        if not isinstance(self.host, UndoingHost):
            raise Unimplemented("this provider does not know what it began")
        return self.host.remove_unfinished(urn, self._accepts.struct(inputs), began, recorded)
