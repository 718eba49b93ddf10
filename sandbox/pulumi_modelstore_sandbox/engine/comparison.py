"""How a recorded resource differs from what the program wants, asked of its provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pulumi_modelstore_sandbox.engine import paths
from pulumi_modelstore_sandbox.engine.diffing import Diff, ignoring, of_inputs, replacing_on
from pulumi_modelstore_sandbox.engine.providers.client import ProviderClient
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Properties, Value, contains_unknown, without_secrets


def provider_diff(
    provider: ProviderClient,
    old: ResourceState,
    news: Properties,
    ignore_changes: Sequence[str],
    *,
    unknowns: bool,
) -> Diff:
    """Ask a provider for the diff; where it leaves that to the engine, the inputs tell."""
    diff = provider.diff(old.urn, old.id, old.inputs, old.outputs, news, ignore_changes, unknowns=unknowns)
    if diff.changed is None:
        wanted, _ = ignoring(ignore_changes, old.inputs, news)
        by_inputs = of_inputs(old.inputs, wanted)
        return Diff(
            changed=by_inputs.changed,
            keys=by_inputs.keys if by_inputs.changed else diff.keys,
            replace_keys=diff.replace_keys,
            detailed=by_inputs.detailed,
            delete_before_replace=diff.delete_before_replace,
        )
    return diff


def with_paths(diff: Diff, olds: Properties, news: Properties) -> Diff:
    """Return a diff that says which properties differ, from the inputs where the provider does not."""
    if diff.detailed or not diff.changed:
        return diff
    by_inputs = of_inputs(olds, news)
    detailed = dict(by_inputs.detailed)
    if diff.replace_keys:
        by_key = replacing_on(by_inputs, [paths.text_of((key,)) for key in diff.replace_keys], has_init_errors=False)
        detailed = dict(by_key.detailed)
    return replace(diff, keys=diff.keys or by_inputs.keys, detailed=detailed)


def trigger_fires(old: Value, new: Value) -> bool:
    """Tell whether a replacement trigger calls for a replacement: both are set and they differ."""
    if contains_unknown(new) or contains_unknown(old) or new is UNKNOWN:
        return True
    before, after = without_secrets(old), without_secrets(new)
    return before is not None and after is not None and before != after
