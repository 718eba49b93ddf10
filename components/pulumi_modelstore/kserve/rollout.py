"""`ModelRollout`: two versions of a model behind one name, each with a share of the requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.kserve.inference_service import GpuInferenceService
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.serving.gateway import Gateway, hostname_problems, route
from pulumi_modelstore.serving.vllm import VllmRuntime

_SET_HERE = ("canary_traffic_percent", "deployment_mode", "service_name", "opts")
# A runtime of KServe's own that takes vLLM's arguments.
_VLLM = "kserve-vllmserver"


class ModelRollout(CheckedComponent):
    """A gradual change from one tag of a model to another.

    In Standard mode these are two services, `<name>-stable` and `<name>-candidate`, and an HTTPRoute `<name>` with
    their weights. In Knative mode it is one service: with a candidate it serves that, and KServe leaves the rest of the
    requests to the revision that had all of them before, so deploy once without a candidate first.

    To go on, raise `candidate_percent`; to end it, make the candidate's tag the stable one and leave `candidate` out;
    to go back, leave `candidate` out.

    Args:
        name: of the rollout, and what clients call the model.
        model: whose tags these are; unset where both are references.
        stable: tag of the version that is known to work, or what `ModelArtifact.lookup(...)` gave of another stack's.
        candidate: the same of the version that is tried; unset, stable alone.
        candidate_percent: share of the requests that the candidate gets, 0 to 100.
        gateway: the Gateway of the route; needed in Standard mode.
        hostnames: names that clients ask for; unset, every name that the Gateway's listener has.
        deployment_mode: `Standard` or `Knative`.
        opts: options of the component.
        **service: arguments of `GpuInferenceService`, the same for both versions.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    stable_uri: pulumi.Output[str]
    """Where the stable version is read from."""
    candidate_uri: pulumi.Output[str]
    """Where the candidate is read from; empty without one."""

    def __init__(
        self,
        name: str,
        *,
        model: ModelArtifact | None = None,
        stable: str | ModelReference,
        candidate: str | ModelReference | None = None,
        candidate_percent: int = 10,
        gateway: Gateway | None = None,
        hostnames: Sequence[str] = (),
        deployment_mode: str = "Standard",
        opts: pulumi.ResourceOptions | None = None,
        **service: Any,
    ) -> None:
        check = ArgumentCheck("ModelRollout", name)
        versions = {"stable": stable} | ({} if candidate is None else {"candidate": candidate})
        tags = {role: tag for role, tag in versions.items() if not isinstance(tag, ModelReference)}
        _check_tags(check, model, tags)
        hostnames = check.texts("hostnames", hostnames)
        check.extend(hostname_problems(hostnames))
        _check_share(check, candidate_percent)
        _check_gateway(check, gateway, hostnames, deployment_mode)
        for argument in _SET_HERE:
            if argument in service:
                check.add(argument, "is set by the rollout itself", "Leave it out")
        super().__init__(check, opts)
        if self.refused:
            return
        references: dict[str, ModelReference] = {}
        for role, version in versions.items():
            if isinstance(version, ModelReference):
                references[role] = version
            elif model is not None:
                references[role] = model.at(version)
        uris = [reference.uri for reference in references.values()]
        if len(uris) == 2 and all(is_plain(uri) for uri in uris) and uris[0] == uris[1] and uris[0]:
            pulumi.log.warn(f"stable and candidate mean the same version: {uris[0]}", self)
        given = service | _one_model_name(check.name, service)
        if deployment_mode == "Knative":
            self._declare_one(references, candidate_percent, given)
        elif isinstance(gateway, Gateway):
            self._declare_two(references, candidate_percent, gateway, hostnames, given)
        self.stable_uri = pulumi.Output.from_input(uris[0])
        self.candidate_uri = pulumi.Output.from_input(uris[1] if len(uris) == 2 else "")
        self.register_outputs({"stableUri": self.stable_uri, "candidateUri": self.candidate_uri})

    def _declare_one(self, references: Mapping[str, ModelReference], percent: int, given: Mapping[str, Any]) -> None:
        candidate = references.get("candidate")
        GpuInferenceService(
            f"{self.given_name}-model",
            **given,
            model=candidate or references["stable"],
            service_name=self.given_name,
            deployment_mode="Knative",
            canary_traffic_percent=percent if candidate else None,
            opts=self.child_options(),
        )

    def _declare_two(
        self,
        references: Mapping[str, ModelReference],
        percent: int,
        gateway: Gateway,
        hostnames: Sequence[str],
        given: Mapping[str, Any],
    ) -> None:
        services = {
            role: GpuInferenceService(f"{self.given_name}-{role}", **given, model=reference, opts=self.child_options())
            for role, reference in references.items()
        }
        shares = {"stable": 100 - percent, "candidate": percent} if "candidate" in services else {"stable": 100}
        if any(service.refused for service in services.values()):
            return
        spec = route(gateway, hostnames, {f"{self.given_name}-{role}": share for role, share in shares.items()})
        namespace = services["stable"].namespace_input
        KubernetesObject(
            f"{self.given_name}-route",
            api_version="gateway.networking.k8s.io/v1",
            kind="HTTPRoute",
            manifest={"metadata": {"name": self.given_name, "namespace": namespace}, "spec": spec},
            # A candidate gets requests once it is there, and is taken away once it gets none.
            opts=self.child_options(depends_on=list(services.values())),
        )


def _check_tags(check: ArgumentCheck, model: Any, tags: Mapping[str, Any]) -> None:
    for role, tag in tags.items():
        if check.text(role, tag) == "":
            check.add(role, "is empty", "Name a tag of the model")
    if len(tags) == 2 and tags["stable"] == tags["candidate"]:
        check.add("candidate", f"is {tags['candidate']!r} like stable", "Name another tag, or leave it out")
    if tags or model is not None:
        check.uses("model", model, ModelArtifact)


def _check_share(check: ArgumentCheck, percent: Any) -> None:
    if isinstance(percent, bool) or not isinstance(percent, int) or not 0 <= percent <= 100:
        found = f"{percent!r} is no share" if is_plain(percent) else "is an output, and a preview has to know it"
        check.add("candidate_percent", found, "Give a whole number from 0 to 100")


def _check_gateway(check: ArgumentCheck, gateway: Any, hostnames: Sequence[str], mode: Any) -> None:
    if mode not in ("Standard", "Knative"):
        check.add("deployment_mode", f"{mode!r} is no mode", "Choose Standard or Knative")
    elif mode == "Knative":
        if gateway is not None or hostnames:
            remedy = "Leave gateway and hostnames out: Knative has routes of its own"
            check.add("gateway", "is given in Knative mode", remedy)
    elif gateway is None:
        check.add("gateway", "is missing", "Pass Gateway(name=..., namespace=...), through which requests come")
    elif check.settings("gateway", gateway, Gateway, remedy="Pass Gateway(name=...)"):
        check.extend(gateway.problems(), under="gateway")


def _one_model_name(name: str, service: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by which both versions answer to one name: by itself each has that of its service."""
    runtime = service.get("runtime")
    if isinstance(runtime, VllmRuntime) and not runtime.refused and runtime.served_model_name is None:
        return {"runtime": runtime.model_copy(update={"served_model_name": name})}
    if runtime == _VLLM:
        return {"arguments": [f"--served-model-name={name}", *service.get("arguments", ())]}
    return {}
