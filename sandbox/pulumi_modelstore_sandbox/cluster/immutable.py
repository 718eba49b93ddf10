"""Fields that a cluster accepts only when an object is created, so that a change of them is a replacement.

From the validation rules of each kind in the Kubernetes API reference (v1.34); Secrets and ConfigMaps follow
pulumi_kubernetes, which replaces them so that their consumers roll.
"""

from __future__ import annotations

from typing import Final

from pulumi_modelstore_sandbox.cluster.properties import Path
from pulumi_modelstore_sandbox.cluster.property_path import covers, parsed
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.settings import ClusterSettings

_EVERY_KIND: Final = ("apiVersion", "kind", "metadata.name", "metadata.namespace")

_OF_KIND: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "ConfigMap"): ("data", "binaryData", "immutable"),
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.dataSource",
        "spec.dataSourceRef",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeMode",
        "spec.volumeName",
    ),
    ("", "PersistentVolume"): ("spec.csi", "spec.nfs", "spec.hostPath", "spec.local", "spec.volumeMode"),
    ("", "Pod"): (
        "spec.affinity",
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.nodeSelector",
        "spec.restartPolicy",
        "spec.securityContext",
        "spec.serviceAccountName",
        "spec.volumes",
        *(
            f"spec.{group}[*].{field}"
            for group in ("containers", "initContainers")
            for field in ("name", "command", "args", "env", "envFrom", "ports", "resources", "volumeMounts")
        ),
    ),
    ("", "Secret"): ("type", "data", "stringData", "immutable"),
    ("", "Service"): ("spec.clusterIP",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "ReplicaSet"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completionMode", "spec.selector", "spec.template"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("spec.group", "spec.names.kind", "spec.scope"),
    ("discovery.k8s.io", "EndpointSlice"): ("addressType",),
    ("networking.k8s.io", "IngressClass"): ("spec.controller",),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("storage.k8s.io", "CSIDriver"): ("spec.attachRequired", "spec.volumeLifecycleModes"),
    ("storage.k8s.io", "StorageClass"): (
        "mountOptions",
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ),
}

_WHOLE_SECRET: Final = frozenset({("", "Secret"), ("", "ConfigMap")})


def creation_only(kind: ResourceType, settings: ClusterSettings, *, frozen: bool = False) -> tuple[Path, ...]:
    """Return the paths whose change replaces an object of this kind.

    `frozen` says that the object has `immutable: true`, which no provider setting overrides.
    """
    key = (kind.group, kind.kind)
    own = _OF_KIND.get(key, ())
    mutable = settings.secrets_mutable if kind.is_secret else settings.config_maps_mutable
    if key in _WHOLE_SECRET and mutable and not frozen:
        own = ("type",) if kind.is_secret else ()
    return tuple(parsed(path) for path in (*_EVERY_KIND, *own))


def replaces(path: Path, fields: tuple[Path, ...]) -> bool:
    """Whether a change at `path` touches one of `fields`, from above or below."""
    return any(covers(field, path) or covers(path, field) for field in fields)
