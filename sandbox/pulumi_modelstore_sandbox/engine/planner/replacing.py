"""Replacement: whether it may be, and, where the old one goes first, what has to go with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action
from pulumi_modelstore_sandbox.engine.actions.create import Create
from pulumi_modelstore_sandbox.engine.actions.delete import Delete
from pulumi_modelstore_sandbox.engine.actions.same import Replace
from pulumi_modelstore_sandbox.engine.comparison import provider_diff
from pulumi_modelstore_sandbox.engine.diffing import Diff, replacing_on
from pulumi_modelstore_sandbox.engine.graph import dependents
from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Properties

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.goal import Goal
    from pulumi_modelstore_sandbox.engine.planner.plan import Plan
    from pulumi_modelstore_sandbox.engine.resource import ResourceState
    from pulumi_modelstore_sandbox.engine.run import Run


class Refused(Exception):
    """The resource cannot be replaced."""


def allow(run: Run, goal: Goal, old: ResourceState, new: ResourceState) -> None:
    """Refuse to replace what is protected, or what the program still imports. Raises Refused."""
    if new.protect and old.protect:
        raise Refused(
            f"{new.urn} must be replaced, but it is protected; set protect=False in the program to permit it, or undo "
            "the change"
        )
    if goal.import_id:
        message = f"{new.urn} must be replaced, but the program imports it; remove import_ from its options"
        if not run.preview:
            raise Refused(message)
        run.report.say("warning", message, new.urn)


def delete_first(run: Run, plan: Plan, old: ResourceState, new: ResourceState, diff: Diff) -> list[Action]:
    """Return the steps that delete a resource, with what cannot be without it, and create it anew.

    Raises Refused when something that must go is protected, and ProviderFailed.
    """
    actions: list[Action] = []
    for dependent, keys in reversed([*_dependents(run, plan, old), *_cascading(run, old.urn)]):
        if id(dependent) in plan.deleted:
            continue
        plan.dependent_keys[dependent.urn] = keys
        if dependent.protect and not dependent.delete:
            raise Refused(
                f"{dependent.urn} must be replaced with {new.urn}, but it is protected; set protect=False in the "
                "program to permit it, or undo the change"
            )
        replacing = not dependent.delete
        actions.append(Delete(dependent, None, replacing=replacing, awaits_replacement=replacing, others=plan.deletes))
        plan.deletes.add(dependent.urn)
        plan.deleted.add(id(dependent))
    if not old.pending_replacement:
        plan.deletes.add(old.urn)
        actions.append(Delete(old, None, replacing=True, awaits_replacement=True, others=plan.deletes))
    return [*actions, Replace(old, new, diff), Create(old, new, diff)]


def _dependents(run: Run, plan: Plan, root: ResourceState) -> list[tuple[ResourceState, Sequence[str]]]:
    """Return recorded resources that must be replaced because `root` is, with the properties that say so."""
    found: list[tuple[ResourceState, Sequence[str]]] = []
    replaced = {root.urn}
    for candidate in dependents(root, run.ledger.resources(), plan.decided()):
        keys = _replaced_by(run, candidate, replaced)
        if keys is not None:
            found.append((candidate, keys))
            replaced.add(candidate.urn)
    return found


def _replaced_by(run: Run, candidate: ResourceState, replaced: set[str]) -> Sequence[str] | None:
    if not candidate.custom or candidate.external:
        return None
    if candidate.provider and urns.parse_reference(candidate.provider).urn in replaced:
        return ()
    if candidate.deleted_with in replaced:
        return ()
    affected = {key for key, deps in candidate.property_dependencies.items() if not replaced.isdisjoint(deps)}
    news: Properties = {key: UNKNOWN if key in affected else value for key, value in candidate.inputs.items()}
    if affected.isdisjoint(news):
        return None
    if urns.is_provider(candidate.type):
        diff = run.registry.diff(candidate, news)
    else:
        diff = provider_diff(run.provider_of(candidate), candidate, news, candidate.ignore_changes, unknowns=True)
    diff = replacing_on(diff, candidate.replace_on_changes, has_init_errors=False)
    return diff.replace_keys if diff.replaces else None


def _cascading(run: Run, urn: str) -> list[tuple[ResourceState, Sequence[str]]]:
    """Return resources that are declared to be replaced, or deleted, together with this one."""
    return [
        (state, ())
        for state in run.ledger.resources()
        if not state.delete and (urn in state.replace_with or state.deleted_with == urn)
    ]
