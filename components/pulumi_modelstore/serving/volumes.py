"""The stack's own volumes in a service: what it is served from, and what is mounted beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.serving.mount import Mount
from pulumi_modelstore.serving.pod_placement import PodPlacement
from pulumi_modelstore.volumes.model_volume import ModelVolume


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


def scheduling(placement: PodPlacement | None, volumes: Sequence[ModelVolume]) -> dict[str, Any]:
    """The pod's fields by which it comes to nodes that may have it and that its volumes are for."""
    selector: dict[str, str] = {}
    tolerations: list[dict[str, Any]] = []
    own = placement.manifest() if placement else {}
    for wanted in [*(volume.scheduling for volume in volumes), own]:
        selector |= wanted.get("nodeSelector", {})
        tolerations += [item for item in wanted.get("tolerations", []) if item not in tolerations]
    merged = own | {"nodeSelector": selector, "tolerations": tolerations}
    return {name: value for name, value in merged.items() if value}
