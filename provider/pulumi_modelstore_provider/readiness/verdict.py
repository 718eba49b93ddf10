"""Whether a service is ready, and the first reason that holds it up.

Conditions are evaluated in a fixed order, from what stops a pod earliest to what stops it last: the first that fails is
the message. Sources: Kubernetes' documentation of pod conditions and container states; KServe v0.20,
pkg/apis/serving/v1beta1/inference_service_status.go.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_modelstore_provider.readiness.pods import Reason, pod_reason
from pulumi_modelstore_provider.readiness.snapshot import Object, Snapshot

_SPEC = "Correct the service: KServe does not try again before it is changed"
_RUNTIME = "Name a runtime that exists and has the model's format, or pass VllmRuntime(...)"
_FAILURES = {
    "NoSupportingRuntime": _RUNTIME,
    "RuntimeNotRecognized": _RUNTIME,
    "RuntimeDisabled": _RUNTIME,
    "InvalidPredictorSpec": _SPEC,
}
# In KServe's own order: ingress is made when the predictor is ready.
_CONDITIONS = ("PredictorReady", "PredictorConfigurationReady", "PredictorRouteReady", "IngressReady")
# Other states are those of pods, and a service scaled to zero has none.
_BLOCKED = ("BlockedByFailedLoad", "InvalidSpec")
_QUOTA = "Raise the namespace's ResourceQuota, or ask for fewer replicas, GPUs or memory"


@dataclass(frozen=True)
class Verdict:
    """What a look at a service means.

    Args:
        ready: whether it serves what was declared last.
        reason: what it waits for, where it is not.
    """

    ready: bool
    reason: Reason | None = None


def verdict(snapshot: Snapshot) -> Verdict:
    """Evaluate one look."""
    service = snapshot.service
    if service is None:
        found = Reason("the InferenceService does not exist", "Look whether somebody deleted it", lasting=True)
        return Verdict(ready=False, reason=found)
    held = _model_reason(service) or _pods_reason(snapshot)
    if held is None:
        waits = _rollout_reason(snapshot) or _condition_reason(service)
        # An event outlives what it tells of: it explains only what is missing now.
        held = waits and (_events_reason(snapshot) or waits)
    return Verdict(ready=held is None, reason=held)


def _rollout_reason(snapshot: Snapshot) -> Reason | None:
    """Whether pods of before still stand in for new ones: a service counts as ready with those."""
    for deployment in snapshot.deployments:
        spec, status = deployment.get("spec", {}), deployment.get("status", {})
        wanted, name = spec.get("replicas", 1), deployment["metadata"]["name"]
        updated, ready = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
        there = status.get("replicas", 0)
        seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        if not seen or updated < wanted or there > updated or ready < updated:
            said = f"Deployment {name} still replaces pods: {updated} of {wanted} are new, {ready} of {there} are ready"
            return Reason(said, "Look at its pods: kubectl describe pods")
    predictor = (snapshot.service or {}).get("status", {}).get("components", {}).get("predictor", {})
    created, latest = predictor.get("latestCreatedRevision"), predictor.get("latestReadyRevision")
    if created != latest:
        said = f"revision {created} is not ready yet, {latest or 'none'} is"
        return Reason(said, "Look at its pods: kubectl describe pods")
    return None


def _model_reason(service: Object) -> Reason | None:
    status = service.get("status", {}).get("modelStatus", {})
    failure = status.get("lastFailureInfo", {})
    kind = failure.get("reason", "")
    if status.get("transitionStatus") != "InvalidSpec" and kind not in _FAILURES:
        return None
    said = failure.get("message") or "the specification is invalid"
    return Reason(f"{kind or 'InvalidSpec'}: {said}", _FAILURES.get(kind, _SPEC), lasting=True)


def _pods_reason(snapshot: Snapshot) -> Reason | None:
    for pod in snapshot.pods:
        reason = pod_reason(pod, snapshot.warnings)
        if reason is not None:
            return reason
    return None


def _events_reason(snapshot: Snapshot) -> Reason | None:
    """Pods that were never made: a quota, a limit range, a webhook."""
    if snapshot.pods:
        return None
    for event in snapshot.warnings:
        if event.get("reason") == "FailedCreate":
            said = str(event.get("message", ""))
            remedy = _QUOTA if "quota" in said else "Change what the cluster refuses, or what refuses it"
            return Reason(f"no pod could be created: {said}", remedy)
    return None


def _condition_reason(service: Object) -> Reason | None:
    status = service.get("status", {})
    conditions = {condition.get("type"): condition for condition in status.get("conditions", ())}
    blocked = status.get("modelStatus", {}).get("transitionStatus") in _BLOCKED
    if conditions.get("Ready", {}).get("status") == "True" and not blocked:
        return None
    for name in _CONDITIONS:
        condition = conditions.get(name)
        if condition is not None and condition.get("status") != "True":
            said = ": ".join(str(condition[key]) for key in ("reason", "message") if condition.get(key))
            remedy = "Look at the service's conditions: kubectl describe inferenceservice"
            return Reason(f"{name} is not true{f' ({said})' if said else ''}", remedy)
    if blocked:
        return Reason("the model could not be loaded", "Look at its pods' logs")
    return Reason("it has no condition Ready yet", "Look whether KServe's controller runs")
