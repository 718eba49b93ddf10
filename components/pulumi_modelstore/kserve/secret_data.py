"""Secrets in the cluster: texts as Kubernetes keeps them, and the object with them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject


def declare_secret(
    resource: str,
    metadata: Mapping[str, Any],
    values: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> KubernetesObject:
    """Declare a Secret; its whole data is secret in the state."""
    return KubernetesObject(
        resource,
        api_version="v1",
        kind="Secret",
        manifest={
            "metadata": dict(metadata),
            "type": "Opaque",
            "data": {key: derive(encoded, value) for key, value in values.items()},
        },
        secret_fields=("data",),
        opts=opts,
    )


def encoded(text: str) -> str:
    """The text as it stands in a Secret's `data`."""
    return base64.b64encode(text.encode()).decode()
