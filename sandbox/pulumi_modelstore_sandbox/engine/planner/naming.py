"""Which recorded resource a registration means: by its URN, or by a name that it had before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.goal import Alias, Goal
from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE, ResourceState
from pulumi_modelstore_sandbox.engine.target import Target


class Naming:
    """URNs that the program has claimed so far. Not for several threads at once."""

    def __init__(self, target: Target, olds: Mapping[str, ResourceState]) -> None:
        self._target = target
        self._olds = olds
        self.claimed: set[str] = set()
        self.taken: dict[str, str] = {}
        """Old URN to the new URN of the resource that was found by it."""
        self._before: dict[str, str] = {}

    def claim(self, parent: str, resource_type: str, name: str) -> str:
        """Name a resource. Raises ValueError for a parent that is not there, or a name that is taken."""
        if parent and parent not in self.claimed:
            raise ValueError(f"the parent {parent} of {resource_type} {name!r} is not registered")
        urn = urns.child(self._target.stack, self._target.project, parent, resource_type, name)
        if urn in self.claimed:
            raise ValueError(
                f"duplicate resource URN {urn}: the program declares two resources of the type {resource_type} named "
                f"{name!r} under one parent; give one of them another name"
            )
        self.claimed.add(urn)
        return urn

    def find_old(self, urn: str, goal: Goal) -> tuple[ResourceState | None, str]:
        """Return the recorded resource, and the alias that it was found by. Raises ValueError when it is taken."""
        if urn in self.taken:
            raise ValueError(
                f"{urn} is declared, but {self.taken[urn]} has taken over that resource by an alias; remove one of them"
            )
        if (old := self._olds.get(urn)) is not None:
            return old, ""
        for alias in self._aliases(goal):
            if (old := self._olds.get(alias)) is None:
                continue
            other = self.taken.get(alias) or (alias if alias in self.claimed else "")
            if other:
                raise ValueError(
                    f"the alias {alias} of {urn} means a resource that {other} is already; remove the alias"
                )
            self.taken[alias] = urn
            self._before[urn] = alias
            return old, alias
        return None, ""

    def _aliases(self, goal: Goal) -> Iterator[str]:
        own = [self._collapse(alias, goal) for alias in goal.aliases]
        yield from own
        inherited = self._before.get(goal.parent)
        if inherited is not None:
            parent_name = urns.name_of(goal.parent)
            yield self._under(inherited, goal.type, goal.name, parent_name)
            for alias in own:
                parts = urns.parse(alias)
                yield self._under(inherited, parts.type, parts.name, parent_name)

    def _collapse(self, alias: Alias, goal: Goal) -> str:
        if alias.urn:
            return alias.urn
        parent = self._before.get(alias.parent, alias.parent) if alias.parent else goal.parent
        if alias.no_parent or (parent and urns.parse(parent).qualified_type == STACK_TYPE):
            parent = ""
        stack = alias.stack or self._target.stack
        project = alias.project or self._target.project
        own_type = alias.type or goal.type
        qualified = f"{urns.parse(parent).qualified_type}${own_type}" if parent else own_type
        if parent:
            above = urns.parse(parent)
            stack, project = above.stack, above.project
        return str(urns.Urn(stack, project, qualified, alias.name or goal.name))

    def _under(self, parent_alias: str, child_type: str, child_name: str, parent_name: str) -> str:
        """Name a child as it was under its parent's old name; names that begin with the parent's followed it."""
        above = urns.parse(parent_alias)
        if child_name.startswith(parent_name):
            child_name = above.name + child_name.removeprefix(parent_name)
        return urns.child(self._target.stack, self._target.project, parent_alias, child_type, child_name)
