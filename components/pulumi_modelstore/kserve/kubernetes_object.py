"""One Kubernetes object as a resource, of any kind.

Its type token is the one that pulumi_kubernetes uses for the kind, so engines, states and policies see no difference.
Importing that package's typed classes instead adds a quarter of a second to each preview for `core/v1` alone, and 0.7 s
where byte code is not cached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pulumi


class KubernetesObject(pulumi.CustomResource):
    """A Kubernetes object by its manifest.

    Args:
        name: name of the resource.
        api_version: such as `v1` or `serving.kserve.io/v1beta1`.
        kind: such as `Secret`.
        manifest: the object's other fields, as Kubernetes spells them; `metadata.name` is explicit.
        secret_fields: top-level fields that are secret in the state.
        opts: options of the resource.
    """

    def __init__(
        self,
        name: str,
        *,
        api_version: str,
        kind: str,
        manifest: Mapping[str, Any],
        secret_fields: Sequence[str] = (),
        opts: pulumi.ResourceOptions,
    ) -> None:
        group_version = api_version if "/" in api_version else f"core/{api_version}"
        fields = {
            field: pulumi.Output.secret(value) if field in secret_fields else value for field, value in manifest.items()
        }
        defaults = pulumi.ResourceOptions(
            version=version("pulumi-kubernetes"), additional_secret_outputs=list(secret_fields)
        )
        super().__init__(
            f"kubernetes:{group_version}:{kind}",
            name,
            {"apiVersion": api_version, "kind": kind, **fields},
            pulumi.ResourceOptions.merge(defaults, opts),
        )
