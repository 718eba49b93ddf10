"""What a volume's arguments must be together: access mode, class, placement and the nodes that mount it."""

from __future__ import annotations

import re
from typing import Any, cast

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.volumes.class_choice import ClassChoice
from pulumi_modelstore.volumes.placement import EmptyDir, LocalDisk, NodeGroup, Placement, Shared
from pulumi_modelstore.volumes.storage_class import ACCESS_MODES, SEVERAL_NODES, AccessMode

# As kubectl shows them.
_SHORT = {"RWO": "ReadWriteOnce", "RWOP": "ReadWriteOncePod", "ROX": "ReadOnlyMany", "RWX": "ReadWriteMany"}
_PATH = re.compile(r"/[^\x00:]+")


def check_placement(check: ArgumentCheck, placement: Any) -> Placement:
    """The placement, or a shared one where it is none."""
    if not isinstance(placement, Shared | NodeGroup | LocalDisk | EmptyDir):
        remedy = "Pass Shared(), NodeGroup(...), LocalDisk(node_group=...) or EmptyDir()"
        check.add("placement", f"{type(placement).__name__} is no placement", remedy)
        return Shared()
    if check.uses_settings(placement):
        check.extend(placement.problems(), under="placement")
    return placement


def check_access_mode(check: ArgumentCheck, mode: Any, choice: ClassChoice, placement: Placement) -> AccessMode:
    """The access mode to ask for; refused where the class or the placement is known not to have it."""
    if mode is None:
        return "ReadWriteOnce" if isinstance(placement, LocalDisk | EmptyDir) else choice.default_mode()
    if mode not in ACCESS_MODES:
        found = f"{mode!r} is no access mode" if is_plain(mode) else "is an output, and a preview has to know it"
        meant = _SHORT.get(mode) if isinstance(mode, str) else None
        check.add("access_mode", found, f"Write {meant}" if meant else f"Choose one of {', '.join(ACCESS_MODES)}")
        return "ReadWriteOnce"
    if isinstance(placement, LocalDisk) and mode in SEVERAL_NODES:
        remedy = "Leave it out, or place the volume Shared() with a class of a shared file system"
        check.add("access_mode", f"{mode} is for several nodes, and the volume is a disk of one", remedy)
    elif choice.settings is not None and mode not in choice.settings.modes:
        remedy = f"Choose {' or '.join(choice.settings.modes)}, or another storage class"
        check.add("access_mode", f"{mode} is no mode of {choice.title}", remedy)
    return cast("AccessMode", mode)


def check_class_and_placement(check: ArgumentCheck, choice: ClassChoice, placement: Placement) -> None:
    """Whether a node's disk is asked for where it can be had, and nowhere else."""
    if isinstance(placement, EmptyDir) and (choice.name is not None):
        remedy = "Leave it out: scratch space comes from the node, without a class"
        check.add("storage_class", f"{choice.title} is given for scratch space", remedy)
    if isinstance(placement, LocalDisk) and choice.settings is not None and not choice.node_bound:
        remedy = "Use LocalPath(...) or TopoLvm(...), or place the volume Shared()"
        check.add("storage_class", f"{choice.title} gives no disks of nodes", remedy)
    if choice.node_bound and isinstance(placement, Shared | NodeGroup):
        remedy = "Pass placement=LocalDisk(node_group=NodeGroup(...)), which names the nodes"
        check.add("placement", f"{choice.title} gives disks of single nodes, and no node group is named", remedy)


def check_mount_path(
    check: ArgumentCheck, path: Any, *, argument: str = "mount_path", example: str = "/model-cache"
) -> str:
    """An absolute path, such as the one at which pods see a volume."""
    if isinstance(path, str) and _PATH.fullmatch(path) and ".." not in path.split("/"):
        return path.rstrip("/") or path
    found = f"{path!r} is no absolute path" if is_plain(path) else "is an output, and a preview has to know it"
    check.add(argument, found, f"Write it like {example}: absolute, without colons and ..")
    return example


def nodes_problems(number: Any, *, argument: str, volume: str, mode: AccessMode, placement: Placement) -> list[Problem]:
    """What stands against pods on that many nodes, or that many replicas, which may run on as many nodes."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        found = f"{number!r} is no number" if is_plain(number) else "is an output, and a preview has to know it"
        return [Problem(argument, found, "Use a whole number")]
    if number <= 1 or isinstance(placement, EmptyDir):
        return []
    if isinstance(placement, LocalDisk):
        found = f'is {number}, and volume "{volume}" is a disk of one node: pods elsewhere would never start'
        return [Problem(argument, found, "Use 1, or a volume of a shared file system with ReadWriteMany")]
    if mode in SEVERAL_NODES:
        return []
    of_one = "one pod" if mode == "ReadWriteOncePod" else "pods of one node"
    found = f'is {number}, and volume "{volume}" is {mode}: {of_one} can mount it, the others would never start'
    return [Problem(argument, found, 'Use 1, or give the volume access_mode="ReadWriteMany"')]
