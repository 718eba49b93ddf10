"""Whether a recorded resource differs from what the program wants, whatever the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.comparison import provider_diff, trigger_fires
from pulumi_modelstore_sandbox.engine.diffing import Diff, identical, of_inputs
from pulumi_modelstore_sandbox.engine.providers.failure import ConfigurationUnknown, ProviderFailed
from pulumi_modelstore_sandbox.engine.providers.registry import without_internal
from pulumi_modelstore_sandbox.engine.values import contains_unknown

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.planner.plan import Plan
    from pulumi_modelstore_sandbox.engine.resource import ResourceState
    from pulumi_modelstore_sandbox.engine.run import Run


def fires(run: Run, old: ResourceState, new: ResourceState) -> bool:
    """Tell whether the replacement trigger calls for a replacement. Raises ProviderFailed when it is not known."""
    if not run.preview and contains_unknown(new.replacement_trigger):
        raise ProviderFailed(f"the replacement trigger of {new.urn} is not known; let it depend on known values only")
    return trigger_fires(old.replacement_trigger, new.replacement_trigger)


def compare(run: Run, plan: Plan, old: ResourceState, new: ResourceState) -> Diff:
    """Compare. Raises ProviderFailed."""
    if old.taint:
        return Diff(changed=True, replace_keys=["id"])
    if not plan.replaces.isdisjoint(new.replace_with):
        return Diff(changed=True, replace_keys=["replaceWith"])
    if new.deleted_with in plan.replaces:
        return Diff(changed=True, replace_keys=["deletedWith"])
    if _provider_changed(run, plan, old, new):
        return Diff(changed=True, replace_keys=["provider"])
    if not new.custom:
        by_inputs = of_inputs(old.inputs, new.inputs)
        changed = not identical(old.inputs, new.inputs)
        return Diff(changed=changed, keys=by_inputs.keys, detailed=by_inputs.detailed)
    if urns.is_provider(new.type):
        return run.registry.diff(old.with_(urn=new.urn), new.inputs)
    try:
        provider = run.provider_of(new)
        recorded = old.with_(urn=new.urn)
        return provider_diff(provider, recorded, new.inputs, new.ignore_changes, unknowns=run.preview)
    except ConfigurationUnknown as unknown:
        run.report.say("warning", unknown.message, new.urn)
        return Diff(changed=True)


def _provider_changed(run: Run, plan: Plan, old: ResourceState, new: ResourceState) -> bool:
    """Tell whether another provider serves the resource, one that cannot manage what the old one made."""
    if old.provider == new.provider:
        return False
    if not old.provider or not new.provider:
        return True
    before, after = urns.parse_reference(old.provider), urns.parse_reference(new.provider)
    old_provider, new_provider = plan.olds.get(before.urn), plan.providers.get(after.urn)
    client = run.registry.get(after)
    if old_provider is None or new_provider is None or client is None:
        raise ProviderFailed(f"{new.urn} goes from {old.provider} to {new.provider}, and one of the two is unknown")
    if plan.providers.get(before.urn) is new_provider and before.urn != after.urn:
        return False
    wanted = without_internal(new_provider.inputs)
    diff = client.diff_config(after.urn, without_internal(old_provider.inputs), old_provider.outputs, wanted)
    return diff.replaces
