"""Which recorded resources depend on which."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.resource import ResourceState


def references(state: ResourceState) -> Iterator[str]:
    """Yield the URNs that a resource depends on, but its parent: its provider and dependencies of every kind."""
    if state.provider:
        yield urns.parse_reference(state.provider).urn
    yield from state.dependencies
    for dependencies in state.property_dependencies.values():
        yield from dependencies
    if state.deleted_with:
        yield state.deleted_with
    yield from state.replace_with


def dependents(root: ResourceState, resources: Sequence[ResourceState], ignore: Collection[str]) -> list[ResourceState]:
    """Return what depends on `root`, directly or not, in dependency order; children alone do not count."""
    found: list[ResourceState] = []
    reached = {root.urn}
    position = next((index for index, state in enumerate(resources) if state is root), len(resources))
    for candidate in resources[position + 1 :]:
        if candidate.urn not in ignore and not reached.isdisjoint(references(candidate)):
            found.append(candidate)
            reached.add(candidate.urn)
    return found


def dependencies_among(resources: Sequence[ResourceState], chosen: Sequence[ResourceState]) -> dict[int, set[int]]:
    """Return, by position in `chosen`, the positions of those chosen resources that each one depends on.

    `resources` is everything, in dependency order. A dependency on a component is one on its children too, and a
    child depends on its parent.
    """
    place = {id(state): index for index, state in enumerate(resources)}
    by_urn: dict[str, list[int]] = {}
    children: dict[str, list[int]] = {}
    for position, state in enumerate(chosen):
        by_urn.setdefault(state.urn, []).append(position)
        if state.parent:
            children.setdefault(state.parent, []).append(position)
    components = {state.urn for state in resources if not state.custom}
    result: dict[int, set[int]] = {}
    for position, state in enumerate(chosen):
        wanted = set(by_urn.get(state.parent, ()))
        for urn in references(state):
            wanted.update(by_urn.get(urn, ()))
            if urn in components:
                wanted.update(children.get(urn, ()))
        # Only what precedes it: a replaced resource and its replacement share a URN.
        result[position] = {other for other in wanted if place[id(chosen[other])] < place[id(state)]}
    return result
