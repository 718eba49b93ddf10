"""Whether a service's pods could all mount the volumes that it uses."""

from __future__ import annotations

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.volumes.model_volume import ModelVolume


def check_volumes(check: ArgumentCheck, arguments: ServiceArguments) -> None:
    """Check replicas, nodes, namespace and place against each volume."""
    for volume in arguments.volumes:
        if not arguments.placement or not arguments.placement.on_one_node:
            check.extend(volume.nodes_problems(arguments.nodes, argument="parallel.nodes"))
            if arguments.nodes == 1 and isinstance(arguments.max_replicas, int):
                check.extend(volume.nodes_problems(max(arguments.max_replicas, 0), argument="max_replicas"))
        _check_namespace(check, arguments, volume)
        _check_other_services(check, arguments, volume)
    _check_selectors(check, arguments)


def _check_namespace(check: ArgumentCheck, arguments: ServiceArguments, volume: ModelVolume) -> None:
    here, there = arguments.kubernetes_namespace, volume.kubernetes_namespace_input
    if volume.claim_name and is_plain(here) and is_plain(there) and here != there:
        found = f'is "{here}", but volume "{volume.given_name}" is in "{there}", where no other namespace can use it'
        check.add("kubernetes_namespace", found, "Declare both for one namespace")


def _check_other_services(check: ArgumentCheck, arguments: ServiceArguments, volume: ModelVolume) -> None:
    if volume.access_mode != "ReadWriteOncePod" or not volume.mounted_by:
        return
    places = {id(mount.volume): f"mounts[{number}].volume" for number, mount in enumerate(arguments.mounts)}
    found = f'"{volume.given_name}" is ReadWriteOncePod, and service "{volume.mounted_by[0]}" has it already'
    check.add(places.get(id(volume), "model"), found, 'Give the volume access_mode="ReadWriteMany"')


def _check_selectors(check: ArgumentCheck, arguments: ServiceArguments) -> None:
    wanted: dict[str, tuple[str, str]] = {}
    sources = [
        (f'volume "{volume.given_name}"', volume.scheduling.get("nodeSelector", {})) for volume in arguments.volumes
    ]
    if arguments.placement is not None and not arguments.placement.refused:
        sources.append(("placement", arguments.placement.node_selector))
    for source, selector in sources:
        for label, value in selector.items():
            other, there = wanted.setdefault(label, (source, value))
            if there != value:
                found = f'{source} wants nodes with {label}="{value}", {other} those with "{there}"'
                check.add("placement", found, "No node can have both: choose one group of nodes")
