"""The engine's view of a change: what differs by property path, and whether the object must be replaced for it."""

from __future__ import annotations

from typing import Final

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from pulumi_modelstore_sandbox.cluster.destination import Declaration, Destination
from pulumi_modelstore_sandbox.cluster.difference import Change, Kind, changes
from pulumi_modelstore_sandbox.cluster.identity import identity, is_autonamed
from pulumi_modelstore_sandbox.cluster.immutable import creation_only, replaces
from pulumi_modelstore_sandbox.cluster.properties import Object
from pulumi_modelstore_sandbox.cluster.property_path import covers, present, written
from pulumi_modelstore_sandbox.cluster.secret_data import under_declared_fields
from pulumi_modelstore_sandbox.cluster.settings import ClusterSettings

_KINDS: Final = {
    (Kind.ADD, False): PropertyDiffKind.ADD,
    (Kind.ADD, True): PropertyDiffKind.ADD_REPLACE,
    (Kind.DELETE, False): PropertyDiffKind.DELETE,
    (Kind.DELETE, True): PropertyDiffKind.DELETE_REPLACE,
    (Kind.UPDATE, False): PropertyDiffKind.UPDATE,
    (Kind.UPDATE, True): PropertyDiffKind.UPDATE_REPLACE,
}


def diff_response(
    old: Object, new: Object, declared: Declaration, destination: Destination, settings: ClusterSettings
) -> DiffResponse:
    """Compare recorded outputs with new inputs, both as the program declares them."""
    recorded = {key: value for key, value in old.items() if key != "stringData"} if declared.kind.is_secret else old
    comparison = destination.compared(recorded, declared)
    found = [
        _as_declared(change, old, new, declared)
        for change in changes(comparison.before, comparison.after)
        if not any(covers(ignored, change.path) for ignored in declared.ignored)
    ]
    frozen = True in (old.get("immutable"), new.get("immutable"))
    fields = creation_only(declared.kind, settings, frozen=frozen) + comparison.refused
    replaced = [change.path for change in found if replaces(change.path, fields)]
    same_object = identity(old) == identity(new) and not is_autonamed(new)
    return DiffResponse(
        changes=bool(found),
        replaces=[written(path) for path in replaced],
        stables=["apiVersion", "kind"],
        delete_before_replace=bool(replaced) and same_object,
        diffs=sorted({str(change.path[0]) for change in found}),
        detailed_diff={
            written(change.path): PropertyDiff(
                _KINDS[change.kind, change.path in replaced],
                # What only the server has is shown from the object before and after.
                input_diff=change.kind is Kind.DELETE or present(new, change.path),
            )
            for change in found
        },
    )


def _as_declared(change: Change, old: Object, new: Object, declared: Declaration) -> Change:
    return under_declared_fields(change, old, new) if declared.kind.is_secret else change
