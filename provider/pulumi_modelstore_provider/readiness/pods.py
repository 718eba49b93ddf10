"""What keeps a pod from being ready, in the order in which a pod comes up: node, volumes, images, download, server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_modelstore_provider.readiness.snapshot import Object

_INITIALIZER = "storage-initializer"
_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_CONFIGURATION = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
# The kubelet's own words (verifyRunAsNonRoot): an image without a user, one whose user has no number, and user 0.
_ROOT = ("runAsNonRoot", "non-root")
_ROOT_REMEDY = (
    "Give its image a user by number, or pass security=Security(user=1000); where it only works as root, "
    "security=Security(non_root=False)"
)
_MOUNTING = {"FailedMount", "FailedAttachVolume", "ProvisioningFailed"}


@dataclass(frozen=True)
class Reason:
    """Why a service is not ready.

    Args:
        said: what holds it up, with the cluster's own words.
        remedy: what to do, as an instruction.
        lasting: whether it passes by nobody's doing; what does not is waited for only a short while.
    """

    said: str
    remedy: str
    lasting: bool = False


def pod_reason(pod: Object, warnings: Sequence[Object]) -> Reason | None:
    """The first reason in that order; None for a pod that is ready."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    conditions = {condition.get("type"): condition for condition in status.get("conditions", ())}
    if conditions.get("Ready", {}).get("status") == "True" or status.get("phase") == "Succeeded":
        return None
    found = (
        _unscheduled(conditions.get("PodScheduled", {}))
        or _containers(status.get("initContainerStatuses", ()))
        or _containers(status.get("containerStatuses", ()))
        or _unmounted(name, warnings)
        or _loading(conditions)
    )
    return Reason(f"pod {name}: {found.said}", found.remedy, found.lasting)


def _unscheduled(condition: Mapping[str, Any]) -> Reason | None:
    if condition.get("status") != "False":
        return None
    said = str(condition.get("message") or condition.get("reason") or "no node takes it")
    remedy = "Free resources or add nodes, or ask for less"
    if "/gpu" in said or "/mig" in said or "gaudi" in said:
        remedy = "Free GPUs, add nodes that have them, or ask for fewer (gpu=Gpu(count=...))"
    elif "taint" in said or "affinity" in said or "selector" in said:
        remedy = "Let placement= name labels that nodes have, and tolerate their taints"
    elif "persistentvolumeclaim" in said or "volume" in said:
        remedy = "Look at the claim: kubectl describe pvc"
    return Reason(f"no node takes it: {said}", remedy)


def _containers(statuses: Iterable[Mapping[str, Any]]) -> Reason | None:
    for status in statuses:
        state = status.get("state", {})
        waiting, ended = state.get("waiting", {}), state.get("terminated", {})
        reason, name = waiting.get("reason", ""), status.get("name", "")
        if reason in _PULL:
            said = f"the image {status.get('image') or ''} of {name} cannot be pulled: {_words(waiting)}"
            return Reason(said, _pull_remedy(str(waiting.get("message", ""))), lasting=True)
        if reason in _CONFIGURATION:
            remedy = "Declare what the message names, such as a Secret, in the service's namespace"
            if any(word in str(waiting.get("message")) for word in _ROOT):
                remedy = _ROOT_REMEDY
            return Reason(f"{name} cannot be started: {_words(waiting)}", remedy, lasting=True)
        last = ended if ended.get("exitCode") else status.get("lastState", {}).get("terminated", {})
        if last.get("exitCode") and (ended or reason == "CrashLoopBackOff"):
            return _ended(name, last, status.get("restartCount", 0))
    return None


def _ended(name: str, last: Mapping[str, Any], restarts: int) -> Reason:
    if last.get("reason") == "OOMKilled":
        remedy = "Give it more: resources=Resources(memory=...)"
        if name == _INITIALIZER:
            remedy = "Give the download more: storage_initializer=StorageInitializer(memory=...)"
        return Reason(f"{name} was killed for using more memory than its limit", remedy, lasting=True)
    said = f"ended with {last['exitCode']} after {restarts} restart(s)"
    words = str(last.get("message") or "").strip()[-600:]
    detail = f": {words}" if words else ""
    if name == _INITIALIZER:
        remedy = "Look at the key, the model's URI and the store: modelstore doctor, and the container's log"
        return Reason(f"the download {said}{detail}", remedy, lasting=True)
    return Reason(f"{name} {said}{detail}", f"Look at its log: kubectl logs --previous -c {name}", lasting=True)


def _pull_remedy(said: str) -> str:
    if any(word in said.lower() for word in ("unauthorized", "denied", "authentication", "forbidden", "401", "403")):
        return "Pass credentials with a pull Secret for that registry: RegistryCredentials(...)"
    return "Check the image's name, and that nodes reach its registry"


def _unmounted(pod: str, warnings: Sequence[Object]) -> Reason | None:
    for event in warnings:
        if event.get("reason") in _MOUNTING and event.get("involvedObject", {}).get("name") == pod:
            said = f"a volume cannot be mounted: {event.get('message', '')}"
            return Reason(said, "Look at the claim and at its storage class: kubectl describe pvc")
    return None


def _loading(conditions: Mapping[str, Mapping[str, Any]]) -> Reason:
    if conditions.get("Initialized", {}).get("status") == "False":
        return Reason("it downloads the model", "Give it more time: readiness=Readiness(timeout=...)")
    return Reason("the runtime does not answer its probes yet", "Give it more time: readiness=Readiness(timeout=...)")


def _words(waiting: Mapping[str, Any]) -> str:
    return ": ".join(str(waiting[key]) for key in ("reason", "message") if waiting.get(key))
