"""The stack's own volumes in a service: what it is served from, and what is mounted beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.serving.mount import Mount, mounted_volumes
from pulumi_modelstore.serving.node_cache import NodeCache
from pulumi_modelstore.serving.pod_placement import PodPlacement
from pulumi_modelstore.volumes.model_volume import ModelVolume
from pulumi_modelstore.volumes.placement import LocalDisk


def volumes_of(check: ArgumentCheck, model: Any, mounts: Sequence[Mount]) -> Sequence[ModelVolume]:
    """The volumes that a service uses, each once; those that were refused are left out."""
    named = {"model": model} | {f"mounts[{number}].volume": mount.volume for number, mount in enumerate(mounts)}
    volumes = {name: volume for name, volume in named.items() if isinstance(volume, ModelVolume)}
    usable = [volume for name, volume in volumes.items() if check.uses(name, volume, ModelVolume)]
    return list(dict.fromkeys(usable))


def volume_reference(check: ArgumentCheck, volume: ModelVolume, path: str) -> ModelReference:
    """What a service reads from a volume; a path is a folder in it."""
    if volume.refused:
        check.depends_on_refused = True
        return volume.reference
    if not volume.uri:
        remedy = "Serve from a volume with a claim, and mount this one with mounts=[Mount(...)]"
        check.add("model", f'is volume "{volume.given_name}", scratch space that each pod has anew', remedy)
    check.extend(volume.mount_problems(path, argument="model_path"))
    if ".." in path.split("/"):
        check.add("model_path", f'"{path}" leads out of the volume', "Leave the .. out")
    folder = path.strip("/")
    return replace(volume.reference, uri=f"{volume.uri}/{folder}") if folder else volume.reference


def init_containers(volumes: Sequence[ModelVolume], mounts: Sequence[Mount], *, waits: bool) -> list[dict[str, Any]]:
    """Init containers that wait until the volumes are complete, where `waits`, or fill those that a pod has alone."""
    named = _named(volumes, mounts).items()
    return [item for name, volume in named if waits or volume.is_scratch for item in volume.init_containers(name)]


def init_volumes(volumes: Sequence[ModelVolume], mounts: Sequence[Mount], *, waits: bool) -> list[dict[str, Any]]:
    """Entries of a pod's `volumes` that those containers need and that no mount has brought."""
    mounted = mounted_volumes(mounts)
    found: list[dict[str, Any]] = []
    for name, volume in _named(volumes, mounts).items():
        extra = volume.fill_volumes(name) if waits or volume.is_scratch else []
        if extra and name not in mounted:
            found.append(volume.pod_volume(name, read_only=True))
        found += extra
    return found


def _named(volumes: Sequence[ModelVolume], mounts: Sequence[Mount]) -> dict[str, ModelVolume]:
    """The volumes by their names in the pod: KServe brings the model's own under a name of its choice."""
    named = {name: volume for name, volume in mounted_volumes(mounts).items() if isinstance(volume, ModelVolume)}
    for volume in volumes:
        if volume not in named.values():
            named["model-volume"] = volume
    return named


def deployment_strategy(placement: PodPlacement | None, volumes: Sequence[ModelVolume]) -> dict[str, Any] | None:
    """How pods are replaced: none of the new ones can mount a volume that another node or pod has, so the old go first.

    None leaves it to KServe, which keeps the old pods until the new ones are ready.
    """
    one_node = placement is not None and placement.on_one_node
    held = [
        volume.access_mode for volume in volumes if volume.claim_name and not isinstance(volume.placement, LocalDisk)
    ]
    if "ReadWriteOncePod" in held or ("ReadWriteOnce" in held and not one_node):
        return {"type": "Recreate"}
    return None


def scheduling(
    placement: PodPlacement | None, volumes: Sequence[ModelVolume], cache: NodeCache | None = None
) -> dict[str, Any]:
    """The pod's fields by which it comes to nodes that may have it, and that its volumes and its cache are for."""
    selector: dict[str, str] = {}
    tolerations: list[dict[str, Any]] = []
    own = placement.manifest() if placement else {}
    # KServe selects a cache's nodes by the volume that it makes there, and puts up with no taint of theirs.
    cached = {"tolerations": cache.tolerations()} if cache else {}
    for wanted in [*(volume.scheduling for volume in volumes), cached, own]:
        selector |= wanted.get("nodeSelector", {})
        tolerations += [item for item in wanted.get("tolerations", []) if item not in tolerations]
    merged = own | {"nodeSelector": selector, "tolerations": tolerations}
    return {name: value for name, value in merged.items() if value}
