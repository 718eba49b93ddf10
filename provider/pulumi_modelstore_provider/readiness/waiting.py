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
CONFIRMING = 1.0
"""Seconds until a service that was found ready is looked at again."""
IN_A_ROW = 2
"""Looks that must find it ready: right after a change the pods of before are still the only ones."""
LASTING = 120.0
"""Seconds that a reason must stand which nothing but a person removes: a pull may fail once, a Secret come late."""


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
    """Look at the service until it is ready; return how often.

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
    looks = in_a_row = 0
    standing: Reason | None = None
    since = begun
    while True:
        looks += 1
        found = verdict(cluster.look(namespace, service))
        now = clock.now()
        in_a_row = in_a_row + 1 if found.ready else 0
        if in_a_row >= IN_A_ROW:
            return looks
        if found.reason is not None:
            if standing is None or not (standing.lasting and found.reason.lasting):
                since = now
            if found.reason != standing:
                told(found.reason.said)
            standing = found.reason
            if standing.lasting and now - since >= LASTING:
                raise _not_ready(namespace, service, standing, now - begun, gave_up=True)
        if now - begun >= timeout:
            reason = standing or Reason("it was ready only now", "Give it more time: readiness=Readiness(timeout=...)")
            raise _not_ready(namespace, service, reason, now - begun, gave_up=False)
        clock.sleep(min(CONFIRMING if found.ready else PAUSE, max(timeout - (now - begun), 0.1)))


def _not_ready(namespace: str, service: str, reason: Reason, waited: float, *, gave_up: bool) -> NotReady:
    why = "and that does not pass by itself" if gave_up else "and the time is up"
    return NotReady(
        f"The service is not ready after {waited:.0f} s, {why}",
        on=f"InferenceService {namespace}/{service}",
        answer=reason.said,
        remedy=reason.remedy,
    )
