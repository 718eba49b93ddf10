"""Reads every recorded resource and brings the state to what there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine.actions.read import Refresh
from pulumi_modelstore_sandbox.engine.resource import ResourceState

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run


def refresh(run: Run) -> None:
    """Refresh the whole stack; a resource that cannot be read stays as it is recorded."""
    actions = [Refresh(state, state) for state in run.ledger.resources()]
    with ThreadPoolExecutor(max_workers=max(1, run.options.parallel)) as pool, run.stopped_by_interruption():
        results = list(pool.map(run.executor.take_alone, actions))
    states: list[ResourceState] = []
    there: set[str] = set()
    for action, result in zip(actions, results, strict=True):
        state = action.recorded if result.failed else result.state
        if state is not None:
            state = without_vanished(state, there)
            states.append(state)
            there.add(state.urn)
    for operation in run.ledger.left_over:
        if operation.type == "creating":
            run.report.say(
                "warning",
                "its creation was interrupted and it is not in the state: if it came into being, remove or import it",
                operation.resource.urn,
            )
    run.ledger.drop_left_over()
    run.ledger.rebuild(states)


def without_vanished(state: ResourceState, there: set[str]) -> ResourceState:
    """Return the resource without its dependencies on what is no longer there; itself where nothing changes."""
    changes = {
        "parent": state.parent if state.parent in there else "",
        "dependencies": [urn for urn in state.dependencies if urn in there],
        "property_dependencies": {
            key: [urn for urn in deps if urn in there] for key, deps in state.property_dependencies.items()
        },
        "deleted_with": state.deleted_with if state.deleted_with in there else "",
        "replace_with": [urn for urn in state.replace_with if urn in there],
    }
    if all(getattr(state, key) == value for key, value in changes.items()):
        return state
    return state.with_(**changes)
