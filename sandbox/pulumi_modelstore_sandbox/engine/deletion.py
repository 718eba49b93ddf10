"""Deletes in reverse dependency order, as much at once as the order allows."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine.actions.action import Action
from pulumi_modelstore_sandbox.engine.actions.delete import Delete
from pulumi_modelstore_sandbox.engine.actions.same import RemovePendingReplacement
from pulumi_modelstore_sandbox.engine.graph import dependencies_among

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from pulumi_modelstore_sandbox.engine.executor import Result
    from pulumi_modelstore_sandbox.engine.planner.planner import Planner
    from pulumi_modelstore_sandbox.engine.resource import ResourceState
    from pulumi_modelstore_sandbox.engine.run import Run


def unwanted(run: Run, planner: Planner) -> list[Action]:
    """Return the steps that delete what was replaced, and what the program no longer declares."""
    actions: list[Action] = []
    plan, naming = planner.plan, planner.naming
    for state in run.ledger.resources():
        if state.delete:
            if id(state) not in plan.deleted:
                plan.deletes.add(state.urn)
                actions.append(Delete(state, None, replacing=True, others=plan.deletes))
        elif state.urn not in naming.claimed and state.urn not in naming.taken:
            plan.deletes.add(state.urn)
            actions.append(_delete(state, plan.deletes))
    return actions


def everything(run: Run) -> list[Action]:
    """Return the steps that delete the whole stack."""
    states = run.ledger.resources()
    urns = {state.urn for state in states}
    return [_delete(state, urns) for state in states]


def _delete(state: ResourceState, others: AbstractSet[str]) -> Action:
    if state.pending_replacement:
        return RemovePendingReplacement(state, None)
    return Delete(state, None, replacing=state.delete, others=others)


def take(run: Run, actions: Sequence[Action]) -> None:
    """Take the steps; each resource goes when all that depend on it are gone, and stays when one of them stays."""
    states = [action.recorded for action in actions]
    waiting = dependencies_among(run.ledger.resources(), states)
    dependents: dict[int, set[int]] = {position: set() for position in waiting}
    for position, dependencies in waiting.items():
        for dependency in dependencies:
            dependents[dependency].add(position)
    ready = [position for position, others in dependents.items() if not others]
    running: dict[Future[Result], int] = {}
    with ThreadPoolExecutor(max_workers=max(1, run.options.parallel)) as pool, run.stopped_by_interruption():
        while ready or running:
            for position in ready:
                running[pool.submit(run.executor.take_alone, actions[position])] = position
            ready = []
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                position = running.pop(future)
                if future.result().failed:
                    continue
                for dependency in waiting[position]:
                    dependents[dependency].discard(position)
                    if not dependents[dependency]:
                        ready.append(dependency)
