"""Resources in the order of a preview: each under its parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pulumi_modelstore_sandbox.engine.events import Step
from pulumi_modelstore_sandbox.engine.resource import ResourceState


def type_and_name(urn: str) -> tuple[str, str]:
    """Return a resource's own type and its name."""
    head, _, name = urn.rpartition("::")
    return head.rpartition("::")[2].rpartition("$")[2], name


def state_of(step: Step) -> ResourceState | None:
    """Return the state that a step is about."""
    return step.new or step.old


@dataclass
class Node:
    """A resource with its steps; steps of one resource may be several, as when it is replaced."""

    urn: str
    steps: list[Step] = field(default_factory=list)


@dataclass
class Tree:
    """All resources that steps are told of."""

    nodes: dict[str, Node] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def add(self, step: Step) -> None:
        """Put a step under its resource."""
        self.nodes.setdefault(step.urn, Node(step.urn)).steps.append(step)
        state = state_of(step)
        if state is not None and state.parent:
            self.parents[step.urn] = state.parent

    def walk(self, shown: set[str]) -> Iterator[tuple[int, Node]]:
        """Yield depth and resource, parents first: those shown, and the parents that lead to them."""
        wanted = set(shown)
        for urn in shown:
            parent = self.parents.get(urn)
            while parent is not None and parent not in wanted:
                wanted.add(parent)
                parent = self.parents.get(parent)
        children: dict[str, list[str]] = {}
        for urn in self.nodes:
            if urn in wanted:
                parent = self.parents.get(urn, "")
                children.setdefault(parent if parent in self.nodes else "", []).append(urn)
        yield from self._below("", 0, children)

    def _below(self, parent: str, depth: int, children: dict[str, list[str]]) -> Iterator[tuple[int, Node]]:
        for urn in children.get(parent, ()):
            yield depth, self.nodes[urn]
            yield from self._below(urn, depth + 1, children)
