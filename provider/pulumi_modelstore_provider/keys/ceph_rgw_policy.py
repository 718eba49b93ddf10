"""What lets a user of Ceph into a bucket: statements of that bucket's policy."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.keys.s3_statements import statements


def statements_of(principal: str, scope: Scope) -> list[dict[str, Any]]:
    """Return what lets the principal into the scope."""
    who = {"AWS": [arn_of(principal)]}
    allowed = zip(("bucket", "objects"), statements(scope), strict=True)
    return [{**statement, "Sid": f"{mark_of(principal)}{of}", "Principal": who} for of, statement in allowed]


def arn_of(principal: str) -> str:
    """Return how policies name a user: `tenant$uid`, or `uid` outside of tenants."""
    tenant, _, uid = principal.rpartition("$")
    return f"arn:aws:iam::{tenant}:user/{uid}"


def mark_of(principal: str) -> str:
    """Return how the ids of a principal's own statements begin."""
    return f"pulumi-modelstore/{principal}/"
