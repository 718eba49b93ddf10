"""IAM's evaluation of a policy, as far as storage policies go: actions, resources and the conditions they use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

Decision = Literal["allow", "deny", "neutral"]


def decide(policy: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> Decision:
    """Return what `policy` says to `action` on `resource`: an explicit deny wins, no statement at all is neutral."""
    decision: Decision = "neutral"
    for statement in _listed(policy.get("Statement", [])):
        if not _applies(statement, action, resource, context):
            continue
        if statement.get("Effect") == "Deny":
            return "deny"
        decision = "allow"
    return decision


def without_principals(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bucket's policy with only the statements that speak of everyone: no other principal is evaluated."""
    statements = [s for s in _listed(policy.get("Statement", [])) if s.get("Principal") in ("*", {"AWS": "*"}, None)]
    return {**policy, "Statement": statements}


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    if not _selects(statement, "Action", action, ignore_case=True):
        return False
    if not _selects(statement, "Resource", resource, ignore_case=False):
        return False
    return all(
        _holds(operator, key, _listed(expected), context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, expected in keys.items()
    )


def _selects(statement: Mapping[str, Any], element: str, value: str, *, ignore_case: bool) -> bool:
    if (excluded := statement.get(f"Not{element}")) is not None:
        return not any(_pattern(pattern, ignore_case).fullmatch(value) for pattern in _listed(excluded))
    return any(_pattern(pattern, ignore_case).fullmatch(value) for pattern in _listed(statement.get(element, [])))


def _holds(operator: str, key: str, expected: Sequence[Any], context: Mapping[str, str]) -> bool:
    name = operator.removesuffix("IfExists")
    actual = {known.lower(): value for known, value in context.items()}.get(key.lower())
    if actual is None:
        # A negated condition holds for what is absent, as does one that asks only "if it exists".
        return operator.endswith("IfExists") or "Not" in name
    wanted = [str(item) for item in expected]
    match name:
        case "StringEquals" | "ArnEquals" | "StringNotEquals" | "ArnNotEquals":
            found = actual in wanted
        case "StringLike" | "ArnLike" | "StringNotLike" | "ArnNotLike":
            found = any(_pattern(pattern, False).fullmatch(actual) for pattern in wanted)
        case "StringEqualsIgnoreCase" | "Bool":
            found = actual.lower() in [item.lower() for item in wanted]
        case _:
            # An operator that is not evaluated here never grants anything.
            return False
    return found != ("Not" in name)


@lru_cache(maxsize=1024)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = [".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern]
    return re.compile("".join(parts), (re.IGNORECASE if ignore_case else 0) | re.DOTALL)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
