"""What a cluster says of an InferenceService at one moment: the object, its pods, and what went wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """One look at a service.

    Args:
        service: the InferenceService; None where there is none.
        deployments: its predictor's, and that of the predictor's workers; none in Knative mode.
        pods: its pods that are not being deleted, the newest first.
        warnings: events of type Warning about its predictor's objects, the newest first.
    """

    service: Object | None
    deployments: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    warnings: Sequence[Object] = ()


class Cluster(Protocol):
    """Where services are looked at."""

    def look(self, namespace: str, service: str) -> Snapshot:
        """Look at a service, now. Raises ModelstoreError where the cluster does not answer, or refuses."""
        ...


def snapshot_of(
    name: str,
    service: Object | None,
    *,
    deployments: Sequence[Object] = (),
    pods: Sequence[Object] = (),
    events: Sequence[Object] = (),
) -> Snapshot:
    """Keep what matters of what the API gave, in order."""
    kept = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    # The names of everything that KServe makes for a predictor begin so.
    prefix = f"{name}-predictor"
    warnings = [
        event
        for event in events
        if event.get("type") == "Warning" and str(event.get("involvedObject", {}).get("name", "")).startswith(prefix)
    ]
    return Snapshot(
        service,
        deployments,
        sorted(kept, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True),
        sorted(warnings, key=_time, reverse=True),
    )


def _time(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")
