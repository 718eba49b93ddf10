"""What the webhooks of clouds add to a pod whose ServiceAccount has an identity: variables, and its token as a file.

Source: aws/amazon-eks-pod-identity-webhook, `pkg/handler/handler.go` (addEnvToContainer), and
Azure/azure-workload-identity, `pkg/webhook/webhook.go` (addEnvironmentVariables) with `consts.go`. Both add to init
containers too, and neither replaces a variable that is there.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ISSUER = "oidc.cluster.example/id/ABC"
"""The cluster's OpenID Connect issuer, without its scheme."""
AWS_MOUNT = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
AWS_AUDIENCE = "sts.amazonaws.com"
AZURE_MOUNT = "/var/run/secrets/azure/wi/token/azure-identity-token"
AZURE_AUDIENCE = "api://AzureADTokenExchange"


@dataclass(frozen=True)
class Injected:
    """Variables, and files by path in the container."""

    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def injected(service_account: Mapping[str, Any], pod_labels: Mapping[str, str]) -> Injected:
    """What a pod of that ServiceAccount gets; without an annotation, nothing."""
    annotations = service_account["metadata"].get("annotations") or {}
    if "eks.amazonaws.com/role-arn" in annotations:
        variables = {
            "AWS_ROLE_ARN": annotations["eks.amazonaws.com/role-arn"],
            "AWS_WEB_IDENTITY_TOKEN_FILE": AWS_MOUNT,
        }
        return Injected(variables, {AWS_MOUNT: service_account_token(subject_of(service_account), AWS_AUDIENCE)})
    # Azure's webhook is asked only for pods with the label; the ServiceAccount alone does nothing.
    if pod_labels.get("azure.workload.identity/use") == "true":
        variables = {
            "AZURE_CLIENT_ID": annotations.get("azure.workload.identity/client-id", ""),
            "AZURE_TENANT_ID": annotations.get("azure.workload.identity/tenant-id", "the webhook's own tenant"),
            "AZURE_FEDERATED_TOKEN_FILE": AZURE_MOUNT,
            "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/",
        }
        return Injected(variables, {AZURE_MOUNT: service_account_token(subject_of(service_account), AZURE_AUDIENCE)})
    return Injected()


def subject_of(service_account: Mapping[str, Any]) -> str:
    """The `sub` of a ServiceAccount's tokens."""
    metadata = service_account["metadata"]
    return f"system:serviceaccount:{metadata['namespace']}:{metadata['name']}"


def service_account_token(subject: str, audience: str, **claims: Any) -> str:
    """A token as a cluster projects it into a pod, but for the signature: no test has the cluster's key."""
    known = {"iss": f"https://{ISSUER}", "sub": subject, "aud": [audience], "exp": time.time() + 3600} | claims
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, known)] + [b"signature"]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
