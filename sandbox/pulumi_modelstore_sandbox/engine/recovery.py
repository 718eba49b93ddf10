"""Undoes what a killed run created without recording it, so that creating it anew leaves no second one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.journal import PendingOperation
    from pulumi_modelstore_sandbox.engine.run import Run


def recover(run: Run) -> None:
    """Settle the interrupted creations of providers that can tell what they made; the others stay pending.

    A preview removes nothing, and says what an update will do.
    """
    settled = [item for item in run.ledger.left_over if item.type == "creating" and _undone(run, item)]
    for operation in settled:
        run.ledger.settle(operation)
    if run.preview and settled:
        run.report.say(
            "info",
            f"an interrupted run began to create {len(settled)} resource(s): `up` first removes what there is of them",
        )


def _undone(run: Run, operation: PendingOperation) -> bool:
    state = operation.resource
    if not state.custom or urns.is_provider(state.type):
        return True
    try:
        provider = run.provider_of(state)
        if state.created is None or not provider.undoes:
            return False
        if run.preview:
            return True
        recorded = frozenset(
            other.id for other in run.ledger.resources() if other.type == state.type and not other.pending_replacement
        )
        removed = provider.remove_unfinished(state.urn, state.inputs, state.created, recorded)
    except ProviderFailed as failure:
        run.report.say("warning", f"what an interrupted run left behind could not be removed: {failure}", state.urn)
        return False
    if removed:
        run.report.say("info", f"removed {removed}, which an interrupted run had created unrecorded", state.urn)
    return True
