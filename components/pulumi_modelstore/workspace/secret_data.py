"""Secrets of the workspace stores: what a server starts with, and the environment that a pod's client reads."""

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
            "data": {key: derive(_base64, value) for key, value in values.items()},
        },
        secret_fields=("data",),
        opts=opts,
    )


def from_secret(variable: str, *, secret: str, key: str) -> dict[str, Any]:
    """The entry of a container's `env` that takes its value from a Secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
