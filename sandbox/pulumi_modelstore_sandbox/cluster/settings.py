"""What the environment and the provider's configuration say about the cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pulumi_modelstore_sandbox.state.home import Home

FIELD_MANAGER: Final = "pulumi-modelstore-sandbox"
"""The name under which the sandbox owns fields in server-side apply."""

_TRUE: Final = frozenset({"1", "t", "true", "yes", "on"})


@dataclass(frozen=True)
class ClusterSettings:
    """Where objects go, and the options of pulumi_kubernetes's provider that the sandbox honours.

    `kubeconfig`, `context` and `cluster` of a provider are ignored on purpose: the sandbox reaches an API server only
    when MODELSTORE_SANDBOX_KUBECONFIG names one, never the cluster that a stack is meant for.
    """

    home: Path
    kubeconfig: Path | None
    default_namespace: str = "default"
    secrets_mutable: bool = False
    config_maps_mutable: bool = False
    force_conflicts: bool = False

    @classmethod
    def read(cls, configuration: Mapping[str, Any]) -> ClusterSettings:
        """Read the environment and a provider's configuration (keys in camel case, values as strings or plain)."""
        kubeconfig = os.environ.get("MODELSTORE_SANDBOX_KUBECONFIG")

        def flag(key: str, variable: str) -> bool:
            value = configuration.get(key)
            return str(os.environ.get(variable, "") if value is None else value).lower() in _TRUE

        return cls(
            home=Home.nearest().path,
            kubeconfig=Path(kubeconfig).expanduser().absolute() if kubeconfig else None,
            default_namespace=str(configuration.get("namespace") or "default"),
            secrets_mutable=flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
            config_maps_mutable=flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
            force_conflicts=flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        )
