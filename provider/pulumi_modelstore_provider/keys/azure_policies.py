"""The stored access policies of one container, of which there is one set: whoever changes one writes all of them.

So a change reads the set, edits it and writes it back under a lease of the container, which others who change it in
this way wait for. Policies of others and the public access are written as they were read. A program that takes no lease
is noticed by the container's date, down to the second.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi_modelstore_provider.azure.failures import asking
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused, WriteConflict

if TYPE_CHECKING:
    from azure.storage.blob import AccessPolicy, BlobLeaseClient

    from pulumi_modelstore_provider.azure.bucket import AzureContainer

Policies: TypeAlias = "dict[str, AccessPolicy | None]"

MOST_POLICIES = 5
"""Stored access policies of one container (Define a stored access policy, Azure Storage documentation)."""

_LEASE_SECONDS = 15
"""The shortest that there is: a run that was killed keeps the next one waiting for no longer."""

_PATIENCE = 120.0
_LONGEST_PAUSE = 5.0
_TRIES = 3
_LOST = {"LeaseLost", "LeaseIdMismatchWithContainerOperation", "LeaseNotPresentWithContainerOperation"}


class StoredPolicies:
    """One container's set of policies."""

    def __init__(self, container: AzureContainer, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._container = container
        self._sleep = sleep

    def read(self) -> Policies:
        """Return the policies by id."""
        return self._read()[0]

    def change(self, edit: Callable[[Policies], bool]) -> None:
        """Have `edit` change the set, which is written where it returns true; it may be called again with another set.

        Raises ModelstoreError while somebody else holds a lease of the container, and what `edit` raises.
        """
        if not edit(self.read()):
            return
        for left in reversed(range(_TRIES)):
            try:
                with self._leased() as lease:
                    self._change(edit, lease)
                    return
            except StoreRefused as refusal:
                if not left or not (isinstance(refusal, WriteConflict) or refusal.code in _LOST):
                    raise

    def _change(self, edit: Callable[[Policies], bool], lease: BlobLeaseClient) -> None:
        with asking("Cannot look at the container", on=self._container.url("")):
            # Asked first, so that whatever is written after it counts as a change.
            unchanged_since = self._container.container.get_container_properties().last_modified
        policies, public_access = self._read()
        if edit(policies):
            with asking("Cannot write the container's access policies", on=self._container.url("")):
                written: Any = policies
                self._container.container.set_container_access_policy(
                    written, public_access=public_access, lease=lease, if_unmodified_since=unchanged_since
                )

    def _read(self) -> tuple[Policies, Any]:
        with asking("Cannot read the container's access policies", on=self._container.url("")):
            found: dict[str, Any] = self._container.container.get_container_access_policy()
        policies: Policies = {policy.id: policy.access_policy for policy in found["signed_identifiers"]}
        for policy in policies.values():
            if policy is not None:
                policy.start, policy.expiry = _with_time(policy.start), _with_time(policy.expiry)
        return policies, found["public_access"]

    @contextlib.contextmanager
    def _leased(self) -> Iterator[BlobLeaseClient]:
        lease = self._lease()
        try:
            yield lease
        finally:
            # Where this fails, the lease is over in seconds all the same.
            with (
                contextlib.suppress(ModelstoreError),
                asking("Cannot release the container", on=self._container.url("")),
            ):
                lease.release()

    def _lease(self) -> BlobLeaseClient:
        waited, pause = 0.0, 0.2
        while True:
            try:
                with asking("Cannot lease the container to change its access policies", on=self._container.url("")):
                    return self._container.container.acquire_lease(_LEASE_SECONDS)
            except StoreRefused as refusal:
                if refusal.code not in ("LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"):
                    raise
                if waited >= _PATIENCE or self._is_leased_for_good():
                    raise ModelstoreError(
                        "The container's access policies cannot be changed: somebody else holds a lease of it",
                        on=self._container.url(""),
                        answer=refusal.answer,
                        remedy="Wait until the other run is over; a lease without an end has to be broken first, since "
                        "each change of keys takes the lease for a moment",
                    ) from None
            self._sleep(pause)
            waited, pause = waited + pause, min(2 * pause, _LONGEST_PAUSE)

    def _is_leased_for_good(self) -> bool:
        with asking("Cannot look at the container", on=self._container.url("")):
            return bool(self._container.container.get_container_properties().lease.duration == "infinite")


def _with_time(moment: Any) -> Any:
    """Return a date with its hour: the SDK reads dates without one and refuses to write them."""
    return f"{moment}T00:00:00Z" if isinstance(moment, str) and moment and "T" not in moment else moment
