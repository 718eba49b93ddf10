"""Policy documents: JSON that IAM and S3 would take, its size as they count it, and whether two mean the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

Kind = Literal["identity", "bucket", "trust"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; bucket policies: S3's own quota of 20 KB.
USER_INLINE_BYTES: Final = 2048
ROLE_INLINE_BYTES: Final = 10240
BUCKET_BYTES: Final = 20 * 1024
TRUST_BYTES: Final = 2048

_VERSIONS: Final = ("2012-10-17", "2008-10-17")


def as_text(policy: Any) -> Any:
    """Return a policy given as an object as JSON text; anything else as it is."""
    return json.dumps(policy, separators=(",", ":")) if isinstance(policy, Mapping) else policy


def same_meaning(one: Any, other: Any) -> bool:
    """Tell whether two JSON texts hold the same document."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except (ValueError, TypeError):
        return bool(one == other)


def problems(text: str, kind: Kind, limit: int) -> Iterator[str]:
    """Yield what AWS would refuse in a policy; `limit` is in bytes, white space outside of values not counted."""
    try:
        document = json.loads(text)
    except ValueError as error:
        yield f"the policy is not JSON: {error}"
        return
    if not isinstance(document, dict):
        yield "the policy must be a JSON object with Version and Statement"
        return
    size = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    if size > limit:
        yield f"the policy has {size:,} bytes, AWS takes at most {limit:,}: use wildcards or fewer statements"
    if (version := document.get("Version", _VERSIONS[1])) not in _VERSIONS:
        yield f"the policy's Version is {version!r}, it must be {_VERSIONS[0]!r}"
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not statements or not all(isinstance(statement, dict) for statement in listed):
        yield "the policy's Statement must be an object or a list of objects, with one at least"
        return
    for index, statement in enumerate(listed):
        for problem in _statement_problems(statement, kind):
            yield f"the policy's Statement[{index}] {problem}"


def _statement_problems(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"has the Effect {statement.get('Effect')!r}, it must be 'Allow' or 'Deny'"
    if ("Action" in statement) == ("NotAction" in statement):
        yield "must have either Action or NotAction"
    has_resource = "Resource" in statement or "NotResource" in statement
    if kind != "trust" and not has_resource:
        yield "has no Resource"
    if kind == "trust" and has_resource:
        yield "has a Resource, which the policy of who may assume a role does not"
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    if kind == "identity" and has_principal:
        yield "has a Principal, which a user's or role's own policy does not"
    if kind != "identity" and not has_principal:
        yield "has no Principal"
