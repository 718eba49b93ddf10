"""The wait for a service, done anew whenever the service or its runtime changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import CheckedComponent
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.serving.vllm import VllmRuntime


def declare_wait(
    component: CheckedComponent,
    arguments: ServiceArguments,
    manifest: Mapping[str, Any],
    service: pulumi.Resource,
) -> None:
    """Declare the wait for the service of that manifest."""
    from pulumi_modelstore_provider.resources.service_ready import ServiceReady

    readiness = arguments.readiness
    if readiness is None:
        return
    runtime = arguments.runtime.model_dump() if isinstance(arguments.runtime, VllmRuntime) else None
    ServiceReady(
        f"{component.given_name}-ready",
        kubernetes_namespace=arguments.kubernetes_namespace,
        service=arguments.service_name,
        declared=pulumi.Output.json_dumps([manifest, runtime], sort_keys=True).apply(_digest),
        timeout=readiness.seconds,
        kubeconfig=readiness.kubeconfig,
        context=readiness.context,
        opts=component.child_options(depends_on=[service]),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
