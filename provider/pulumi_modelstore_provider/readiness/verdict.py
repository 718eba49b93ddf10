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
    reason = _model_reason(service) or _pods_reason(snapshot) or _events_reason(snapshot)
    if reason is not None:
        return Verdict(ready=False, reason=reason)
    if not _is_current(service):
        waiting = Reason("KServe has not looked at the last change yet", "Look whether its controller runs")
        return Verdict(ready=False, reason=waiting)
    return _conditions_verdict(service)


def _is_current(service: Object) -> bool:
    observed = service.get("status", {}).get("observedGeneration")
    return observed is None or observed >= service["metadata"].get("generation", 0)


def _model_reason(service: Object) -> Reason | None:
    status = service.get("status", {}).get("modelStatus", {})
    failure = status.get("lastFailureInfo", {})
    kind = failure.get("reason", "")
    if not _is_current(service) or (status.get("transitionStatus") != "InvalidSpec" and kind not in _FAILURES):
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


def _conditions_verdict(service: Object) -> Verdict:
    status = service.get("status", {})
    conditions = {condition.get("type"): condition for condition in status.get("conditions", ())}
    ready = conditions.get("Ready", {}).get("status") == "True"
    if ready and status.get("modelStatus", {}).get("transitionStatus", "") in ("", "UpToDate"):
        return Verdict(ready=True)
    for name in _CONDITIONS:
        condition = conditions.get(name)
        if condition is not None and condition.get("status") != "True":
            said = ": ".join(str(condition[key]) for key in ("reason", "message") if condition.get(key))
            remedy = "Look at the service's conditions: kubectl describe inferenceservice"
            return Verdict(ready=False, reason=Reason(f"{name} is not true{f' ({said})' if said else ''}", remedy))
    return Verdict(ready=False, reason=Reason("it has no condition Ready yet", "Look whether KServe's controller runs"))
