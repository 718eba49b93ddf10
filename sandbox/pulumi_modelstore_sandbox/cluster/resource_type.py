"""Pulumi's type tokens for Kubernetes objects, and which of them the sandbox takes."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from pulumi_modelstore_sandbox.cluster.errors import NotInSandbox

BUILT_IN_GROUPS: Final = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
"""API groups that every API server has; an object of any other group is a custom resource."""

_REMOTE: Final = {
    "helm.sh": "Helm charts and releases",
    "yaml": "YAML files and groups (yaml/v2)",
    "kustomize": "Kustomize folders",
}


@dataclass(frozen=True)
class ResourceType:
    """The kind of one object: `group` is empty for the core API."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """As a manifest has it: `v1`, `apps/v1`, `serving.kserve.io/v1beta1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def built_in(self) -> bool:
        """Whether every API server knows it."""
        return self.group in BUILT_IN_GROUPS

    @property
    def is_secret(self) -> bool:
        """Whether its data must never be shown."""
        return (self.group, self.kind) == ("", "Secret")

    def __str__(self) -> str:
        return f"{self.kind} ({self.api_version})"


def of_object(api_version: str, kind: str) -> ResourceType:
    """Return the type that a manifest's `apiVersion` and `kind` name."""
    group, _, version = api_version.rpartition("/")
    return ResourceType(group, version, kind)


@functools.cache
def of_token(token: str) -> ResourceType:
    """Parse `kubernetes:<group>/<version>:<Kind>`.

    Raises NotInSandbox for Helm, YAML v2, Kustomize, `...Patch` and `...List` types, and for what is no such token.
    """
    package, _, rest = token.partition(":")
    module, _, kind = rest.rpartition(":")
    group, _, version = module.rpartition("/")
    if group in _REMOTE or module in _REMOTE:
        what = _REMOTE.get(group) or _REMOTE[module]
        raise NotInSandbox(f"{token}: {what} need the Pulumi CLI and its Kubernetes provider; the sandbox has neither")
    if package != "kubernetes" or not (group and version and kind):
        raise NotInSandbox(f"{token} is not the type of a Kubernetes object: kubernetes:<group>/<version>:<Kind>")
    if kind.endswith("Patch"):
        raise NotInSandbox(
            f"{token} patches an object that something else declares, which needs the Pulumi CLI and its Kubernetes "
            f"provider; in the sandbox declare the whole {kind.removesuffix('Patch')}"
        )
    if kind.endswith("List") and group in {"core", *BUILT_IN_GROUPS}:
        raise NotInSandbox(f"{token} is a list; declare each {kind.removesuffix('List')} as a resource of its own")
    return ResourceType("" if group == "core" else group, version, kind)
