"""What is allowed of a service and still likely to be a mistake, or needs something of the cluster."""

from __future__ import annotations

from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.serving.security import ROOT_RUNTIME
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.volumes.placement import LocalDisk


def service_warnings(arguments: ServiceArguments) -> list[str]:
    """The warnings, each a sentence."""
    found = arguments.runtime.warnings() if isinstance(arguments.runtime, VllmRuntime) else []
    if arguments.mode == "Knative":
        features = _knative_features(arguments)
        if features:
            said = "Knative drops or refuses part of it unless its ConfigMap config-features enables"
            found.append(f"{said} {', '.join(features)}")
        found += _without_wait(arguments)
    found += _shared_volumes(arguments)
    cache = arguments.node_cache
    if cache is not None and cache.shared and cache.credentials is None and arguments.account_name is not None:
        place = "a namespace of its own, kserve-localmodel-jobs unless its ConfigMap says otherwise"
        remedy = "pass NodeCache(credentials=...) of that namespace"
        found.append(f"KServe fills a shared cache from {place}, and looks for the ServiceAccount there; {remedy}")
    if arguments.starts_as_root and arguments.given_security is None:
        remedy = "pass runtime=VllmRuntime(...), or security=Security(non_root=False) if that is wanted"
        found.append(f"KServe's runtime {ROOT_RUNTIME} serves vLLM as root: its image names no user; {remedy}")
    if arguments.gpu is not None and arguments.gpu.count > 1 and arguments.parallel is None:
        found += _idle_gpus(arguments)
    return found


def _knative_features(arguments: ServiceArguments) -> list[str]:
    """Features of Knative's that are off by default (Knative serving 0.48, pkg/apis/serving/fieldmask.go)."""
    placement = arguments.placement
    volumes = arguments.volumes_of_a_pod() or ()
    claims = [volume["persistentVolumeClaim"] for volume in volumes if "persistentVolumeClaim" in volume]
    needed = {
        "kubernetes.podspec-nodeselector": placement is not None and placement.node_selector,
        "kubernetes.podspec-tolerations": placement is not None and placement.tolerations,
        "kubernetes.podspec-priorityclassname": placement is not None and placement.priority_class,
        "kubernetes.podspec-runtimeclassname": placement is not None and placement.runtime_class,
        "kubernetes.podspec-securitycontext": True,
        "kubernetes.podspec-init-containers": arguments.init_containers(),
        "kubernetes.podspec-persistent-volume-claim": claims,
        # Asked for by the claim's own entry in the pod, whatever each mount of it says.
        "kubernetes.podspec-persistent-volume-write": [claim for claim in claims if not claim.get("readOnly")],
    }
    return [feature for feature, is_needed in needed.items() if is_needed]


def _without_wait(arguments: ServiceArguments) -> list[str]:
    if arguments.wait_for_fill is not None:
        return []
    remedy = "pass wait_for_fill=True where Knative enables kubernetes.podspec-init-containers"
    return [
        f'pods do not wait for the fill of volume "{volume.given_name}", and stay as they are when it is filled anew; '
        f"{remedy} and kubernetes.podspec-persistent-volume-claim"
        for volume in arguments.volumes
        if volume.init_containers("model") and not volume.is_scratch
    ]


def _shared_volumes(arguments: ServiceArguments) -> list[str]:
    """Volumes of one node that another service mounts too: whether its pods come to that node, nobody sees here."""
    one_node = arguments.placement is not None and arguments.placement.on_one_node
    remedy = 'give the volume access_mode="ReadWriteMany", or both services a placement on one node'
    return [
        f'volume "{volume.given_name}" is ReadWriteOnce, and service "{volume.mounted_by[0]}" mounts it too: pods of '
        f"both start only on one node; {remedy}"
        for volume in arguments.volumes
        if volume.mounted_by and volume.access_mode == "ReadWriteOnce" and volume.claim_name and not one_node
        if not isinstance(volume.placement, LocalDisk)
    ]


def _idle_gpus(arguments: ServiceArguments) -> list[str]:
    if arguments.runtime != ROOT_RUNTIME or arguments.gpu is None:
        return []
    count = arguments.gpu.count
    said = f"{ROOT_RUNTIME} uses one of the {count} GPUs unless it is told"
    return [f"{said}; pass parallel=Parallel(tensor={count})"]
