"""A service that is ready: what depends on it goes on only when pods answer, and a deployment fails with the reason."""

from __future__ import annotations

from typing import Annotated, Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import AfterValidator, Field

from pulumi_modelstore_provider.progress import tell
from pulumi_modelstore_provider.readiness.kubernetes_api import KubernetesApi, valid_kubeconfig
from pulumi_modelstore_provider.readiness.waiting import wait_until_ready
from pulumi_modelstore_provider.resources.adapter import (
    Adapter,
    Inputs,
    checked,
    differs,
    plainly,
    stack_configuration,
)
from pulumi_modelstore_provider.resources.declaration import DeclaredResource


class ServiceReadyInputs(Inputs):
    """Which service, as what it was declared, and how long it may take."""

    kubernetes_namespace: str = Field(min_length=1)
    service: str = Field(min_length=1)
    declared: str = Field(min_length=1)
    timeout: float = Field(gt=0)
    kubeconfig: Annotated[str, AfterValidator(valid_kubeconfig)] = "default"
    context: str | None = None
    urn: str = ""


class ServiceReadyProvider(Adapter):
    """Waits when the service is new or was changed, and only then."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection."""
        return checked(news, ServiceReadyInputs)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare what was declared; another time-out or kubeconfig alone waits for nothing."""
        replaces = differs(_olds, _news, "kubernetesNamespace", "service")
        return DiffResult(changes=bool(replaces or differs(_olds, _news, "declared")), replaces=replaces)

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait until the service is ready."""
        inputs = ServiceReadyInputs.model_validate(props)
        return CreateResult(f"{inputs.kubernetes_namespace}/{inputs.service}", _waited(inputs))

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Wait until the changed service is ready."""
        return UpdateResult(_waited(ServiceReadyInputs.model_validate(_news)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what is known: that it was ready once is all that this says."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: waiting leaves nothing behind."""


class ServiceReady(DeclaredResource, module="modelstore", name="ServiceReady"):
    """An InferenceService that has been seen ready."""

    def __init__(
        self,
        name: str,
        *,
        kubernetes_namespace: pulumi.Input[str],
        service: pulumi.Input[str],
        declared: pulumi.Input[str],
        timeout: float,
        kubeconfig: str = "default",
        context: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the wait: `timeout` in seconds, `declared` a digest of all that the service is made of."""
        props = {
            "kubernetesNamespace": kubernetes_namespace,
            "service": service,
            "declared": declared,
            "timeout": timeout,
            "kubeconfig": kubeconfig,
            "context": context,
            "urn": self.urn_of(name, opts),
        }
        # An engine's own limit comes after ours, so that the reason is told.
        seconds = f"{int(timeout) + 120}s"
        limits = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds))
        super().__init__(ServiceReadyProvider(), name, props, pulumi.ResourceOptions.merge(opts, limits))


def _waited(inputs: ServiceReadyInputs) -> dict[str, Any]:
    cluster = KubernetesApi(inputs.kubeconfig, inputs.context, config=stack_configuration())

    def told(reason: str) -> None:
        tell(inputs.urn, f"{inputs.service} is not ready yet: {reason}")

    wait_until_ready(cluster, inputs.kubernetes_namespace, inputs.service, timeout=inputs.timeout, told=told)
    return inputs.recorded()
