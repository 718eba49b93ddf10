"""Waiting until a service is ready, with the clock given from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.readiness.pods import Reason
from pulumi_modelstore_provider.readiness.snapshot import Cluster
from pulumi_modelstore_provider.readiness.verdict import verdict

PAUSE = 5.0
"""Seconds between two looks."""
SETTLED = 15.0
"""Seconds that a service must be ready: right after a change it still is, until KServe has seen it, and nothing in its
status tells (v0.20 gives the Deployment's generation as observed, not the service's)."""
LASTING = 120.0
"""Seconds that a reason must stand which nothing but a person removes: a pull may fail once, a Secret come late."""


_LATE = Reason("it is not ready", "Give it more time: readiness=Readiness(timeout=...)")


class Clock(Protocol):
    """Time as the waiting sees it."""

    def now(self) -> float:
        """Seconds that only grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        ...


class MachineClock:
    """This machine's clock."""

    def now(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        time.sleep(seconds)


class NotReady(ModelstoreError):
    """A service that did not become ready."""


def wait_until_ready(
    cluster: Cluster,
    namespace: str,
    service: str,
    *,
    timeout: float,
    clock: Clock | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> int:
    """Look at the service until it is ready and stays so for 15 seconds; return how often.

    Args:
        cluster: where it is.
        namespace: its Kubernetes namespace.
        service: its name.
        timeout: seconds to wait at most.
        clock: the machine's, unless given.
        told: called with each new reason.

    Raises:
        NotReady: with the reason, when time is up, or when a reason has stood for two minutes that does not pass by
            itself.
        ModelstoreError: where the cluster does not answer, or refuses.
    """
    clock = clock or MachineClock()
    begun = clock.now()
    looks = 0
    ready_since: float | None = None
    standing: Reason | None = None
    since = begun
    while True:
        looks += 1
        found = verdict(cluster.look(namespace, service))
        now = clock.now()
        if found.ready:
            ready_since, standing = now if ready_since is None else ready_since, None
        else:
            ready_since = None
        if ready_since is not None and now - ready_since >= SETTLED:
            return looks
        if found.reason is not None:
            if standing is None or not (standing.lasting and found.reason.lasting):
                since = now
            if found.reason != standing:
                told(found.reason.said)
            standing = found.reason
            if standing.lasting and now - since >= LASTING:
                raise _not_ready(namespace, service, standing, now - begun, gave_up=True)
        if now - begun >= timeout and not found.ready:
            raise _not_ready(namespace, service, found.reason or _LATE, now - begun, gave_up=False)
        clock.sleep(PAUSE)


def _not_ready(namespace: str, service: str, reason: Reason, waited: float, *, gave_up: bool) -> NotReady:
    why = "and that does not pass by itself" if gave_up else "and the time is up"
    return NotReady(
        f"The service is not ready after {waited:.0f} s, {why}",
        on=f"InferenceService {namespace}/{service}",
        answer=reason.said,
        remedy=reason.remedy,
    )
