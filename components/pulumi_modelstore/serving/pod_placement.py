"""On which nodes pods may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from pulumi_modelstore.arguments.kubernetes import labels_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.volumes.placement import Toleration

ONE_NODE = "kubernetes.io/hostname"
"""The label that every node has a value of its own for."""


class PodPlacement(CheckedSettings):
    """Which nodes may have the pods.

    Args:
        node_selector: labels that a node must have, such as `{"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}`.
        tolerations: taints of those nodes; most GPU nodes have one.
        priority_class: name of a PriorityClass.
        runtime_class: name of a RuntimeClass, such as `nvidia`.
    """

    node_selector: Mapping[str, str] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    priority_class: str | None = None
    runtime_class: str | None = None

    @property
    def on_one_node(self) -> bool:
        """Whether all pods come to the same node."""
        return ONE_NODE in self.node_selector

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = labels_problems(self.node_selector, argument="node_selector")
        for number, toleration in enumerate(self.tolerations):
            found += [problem.under(f"tolerations[{number}]") for problem in toleration.problems()]
        return found

    def manifest(self) -> dict[str, Any]:
        """The pod's fields."""
        given = {
            "nodeSelector": dict(self.node_selector),
            "tolerations": [toleration.manifest() for toleration in self.tolerations],
            "priorityClassName": self.priority_class,
            "runtimeClassName": self.runtime_class,
        }
        return {name: value for name, value in given.items() if value}
