"""What a stored access policy grants, and until when."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.keys.protocol import Scope

if TYPE_CHECKING:
    from azure.storage.blob import AccessPolicy

_EARLIER = datetime.timedelta(hours=1)
"""A policy begins before now, for clocks that go wrong."""


def new_policy(scope: Scope, *, days: int) -> AccessPolicy:
    """Return a policy that grants the scope from now on, for so many days."""
    from azure.storage.blob import AccessPolicy

    policy = AccessPolicy(start=_text(datetime.datetime.now(datetime.UTC).replace(microsecond=0) - _EARLIER))
    fit(policy, scope, days=days)
    return policy


def fits(policy: AccessPolicy, scope: Scope, *, days: int) -> bool:
    """Tell whether the policy grants the scope, and ends so many days after its beginning."""
    rights = set(str(policy.permission or "")) == set(_rights(scope))
    return rights and _time(policy.expiry) == _time(_end(policy, days))


def fit(policy: AccessPolicy, scope: Scope, *, days: int) -> None:
    """Let the policy grant the scope, and end so many days after its beginning."""
    policy.permission, policy.expiry = _rights(scope), _end(policy, days)


def _rights(scope: Scope) -> str:
    """Read, list and, unless read-only, add, create, write and delete; in the order that the service writes them."""
    return "rl" if scope.read_only else "racwdl"


def _end(policy: AccessPolicy, days: int) -> str:
    return _text(_time(policy.start) + _EARLIER + datetime.timedelta(days=days))


def _text(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(moment: object) -> datetime.datetime:
    """Read a policy's moment; one without any counts as just now."""
    if isinstance(moment, str) and moment:
        return datetime.datetime.fromisoformat(moment).replace(microsecond=0)
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
