"""The policy of a principal on MinIO: one bucket or prefix, and no say over keys."""

from __future__ import annotations

import json
from typing import Any

from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.keys.s3_statements import statements

POLICY_BYTES = 4096
"""The longest policy that MinIO takes with a key (maxSVCSessionPolicySize in its source), kept to for users too."""

_OWN_KEYS = ["admin:CreateServiceAccount", "admin:RemoveServiceAccount", "admin:UpdateServiceAccount"]
"""What every user of MinIO may do for itself unless it is denied."""


def policy_of(scope: Scope) -> dict[str, Any]:
    """Return the policy document. Without the denial a key could issue further ones, past the limit of two."""
    return {"Version": "2012-10-17", "Statement": [*statements(scope), {"Effect": "Deny", "Action": _OWN_KEYS}]}


def bytes_of(policy: dict[str, Any]) -> int:
    """Return the length of the document as it is sent."""
    return len(json.dumps(policy).encode())
