"""Which nodes a volume is for: all of the cluster, a group, one node's disk, or each pod's own scratch space."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pulumi_modelstore.arguments.kubernetes import annotations_problems, label_name_problems, labels_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings


class Toleration(CheckedSettings):
    """A taint that pods of a node group put up with.

    Args:
        key: of the taint; unset, every taint.
        operator: `Exists`, or `Equal` with a `value`.
        value: of the taint.
        effect: NoSchedule, PreferNoSchedule or NoExecute; unset, all of them.
    """

    key: str | None = None
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = []
        if self.operator == "Equal" and (self.key is None or self.value is None):
            found.append(Problem("operator", "is Equal without a key and a value", "Give both, or write Exists"))
        if self.operator == "Exists" and self.value is not None:
            found.append(Problem("value", "is given, and Exists compares none", "Leave it out, or write Equal"))
        if self.key is not None:
            found += annotations_problems({self.key: ""}, argument="key")
        return found

    def manifest(self) -> dict[str, str]:
        """The toleration as pods have it."""
        return self.model_dump(exclude_none=True)


class NodeGroup(CheckedSettings):
    """A volume of a group of nodes: pods that use it go there.

    Args:
        name: of the group, for messages and for KServe's objects.
        selector: labels that the group's nodes have; at least one.
        tolerations: taints of theirs.
    """

    kind: Literal["node-group"] = "node-group"
    name: str
    selector: dict[str, str]
    tolerations: tuple[Toleration, ...] = ()

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = label_name_problems(self.name, argument="name")
        if not self.selector:
            found.append(Problem("selector", "is empty", 'Name a label of the nodes, such as {"pool": "h100"}'))
        found += labels_problems(self.selector, argument="selector")
        for number, toleration in enumerate(self.tolerations):
            found += [problem.under(f"tolerations[{number}]") for problem in toleration.problems()]
        return found


class Shared(CheckedSettings):
    """A volume for pods anywhere in the cluster."""

    kind: Literal["shared"] = "shared"

    def problems(self) -> list[Problem]:
        """Nothing can be wrong with it."""
        return []


class LocalDisk(CheckedSettings):
    """A volume on the disk of one node of a group: always mounted whole, and by pods of that node only.

    Args:
        node_group: the nodes to choose from.
    """

    kind: Literal["local"] = "local"
    node_group: NodeGroup

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        return [problem.under("node_group") for problem in self.node_group.problems()]


class EmptyDir(CheckedSettings):
    """Scratch space that each pod has to itself, and that goes with it: no claim is made.

    Args:
        medium: `Memory` for a RAM disk, which counts as the pod's memory; unset, the node's disk.
    """

    kind: Literal["empty-dir"] = "empty-dir"
    medium: Literal["Memory"] | None = None

    def problems(self) -> list[Problem]:
        """Nothing can be wrong with it."""
        return []


Placement: TypeAlias = Shared | NodeGroup | LocalDisk | EmptyDir


def scheduling(placement: Placement) -> dict[str, Any]:
    """`nodeSelector` and `tolerations` of pods that use such a volume."""
    group = placement.node_group if isinstance(placement, LocalDisk) else placement
    if not isinstance(group, NodeGroup):
        return {}
    tolerations = [toleration.manifest() for toleration in group.tolerations]
    return {"nodeSelector": dict(group.selector), **({"tolerations": tolerations} if tolerations else {})}
