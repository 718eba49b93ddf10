"""Remembers which keys of a namespace are issued, and refuses a step during which there would be more than two.

An engine deletes what left the program after it has made what is new: a key that takes the place of another one of the
same namespace would be a third one for that long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, UpdateResult

from pulumi_modelstore_provider.resources.adapter import Inputs, checked, differs
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.record import Record

MOST_KEYS = 2
"""IAM's limit of access keys a user, taken for a whole namespace and every backend."""


class KeyLimitInputs(Inputs):
    """The keys that are to be issued, each with the names that it had before."""

    keys: dict[str, list[str]]


class KeyLimitProvider(Record):
    """Holds the issued keys."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse keys that would be too many beside those that are there until the end of the run."""
        result = checked(news, KeyLimitInputs)
        if not result.failures:
            result.failures += _too_many(_olds.get("keys"), news.get("keys"))
        return result

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the keys' names."""
        old, new = _olds.get("keys"), _news.get("keys")
        same = isinstance(old, Mapping) and isinstance(new, Mapping) and set(old) == set(new)
        return DiffResult(changes=not same and bool(differs(_olds, _news, "keys")), replaces=[])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Record the keys."""
        return CreateResult("keys", _outs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Record the new keys."""
        return UpdateResult(_outs(_news))


class KeyLimit(DeclaredResource, module="modelstore", name="KeyLimit"):
    """The issued keys of a namespace."""

    def __init__(
        self,
        name: str,
        *,
        keys: pulumi.Input[Mapping[str, Sequence[str]]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the keys by name, each with the names that it had before a rename."""
        super().__init__(KeyLimitProvider(), name, {"keys": keys}, opts)


def _too_many(recorded: Any, wanted: Any) -> list[CheckFailure]:
    if not isinstance(recorded, Mapping) or not isinstance(wanted, Mapping):
        return []
    renamed = {former for names in wanted.values() for former in names}
    leaving = [key for key in recorded if key not in wanted and key not in renamed]
    coming = [key for key, former in wanted.items() if key not in recorded and not set(former) & set(recorded)]
    if not coming or len(wanted) + len(leaving) <= MOST_KEYS:
        return []
    reason = (
        f"{', '.join(coming)} would come before {', '.join(leaving)} is gone, and beside {', '.join(recorded)} that is "
        f"more than {MOST_KEYS} keys for a while. Deploy without one of the two first, then add the new one"
    )
    return [CheckFailure("keys", reason)]


def _outs(props: dict[str, Any]) -> dict[str, Any]:
    return KeyLimitInputs.model_validate(props).recorded()
