"""Which kinds live in a namespace and which in the cluster as a whole, where no API server can be asked."""

from __future__ import annotations

from enum import Enum
from typing import Final

from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType


class Scope(Enum):
    """Where objects of a kind live."""

    NAMESPACED = "Namespaced"
    CLUSTER = "Cluster"
    UNKNOWN = "unknown"
    """A custom resource that this package has not heard of: its namespace is what the program says."""


_CLUSTER_WIDE: Final = {
    "": {"ComponentStatus", "Namespace", "Node", "PersistentVolume"},
    "admissionregistration.k8s.io": {
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    },
    "apiextensions.k8s.io": {"CustomResourceDefinition"},
    "apiregistration.k8s.io": {"APIService"},
    "certificates.k8s.io": {"CertificateSigningRequest", "ClusterTrustBundle"},
    "flowcontrol.apiserver.k8s.io": {"FlowSchema", "PriorityLevelConfiguration"},
    "networking.k8s.io": {"IPAddress", "IngressClass", "ServiceCIDR"},
    "node.k8s.io": {"RuntimeClass"},
    "rbac.authorization.k8s.io": {"ClusterRole", "ClusterRoleBinding"},
    "resource.k8s.io": {"DeviceClass", "DeviceTaintRule", "ResourceSlice"},
    "scheduling.k8s.io": {"PriorityClass"},
    "storage.k8s.io": {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"},
    "serving.kserve.io": {
        "ClusterServingRuntime",
        "ClusterStorageContainer",
        "LocalModelCache",
        "LocalModelNode",
        "LocalModelNodeGroup",
    },
}

_NAMESPACED_CUSTOM: Final = {
    "serving.kserve.io": {
        "InferenceGraph",
        "InferenceService",
        "LLMInferenceService",
        "LLMInferenceServiceConfig",
        "LocalModelNamespaceCache",
        "ServingRuntime",
        "TrainedModel",
    },
}


def known_scope(kind: ResourceType) -> Scope:
    """Return the scope of a built-in kind or of one of KServe's."""
    if kind.kind in _CLUSTER_WIDE.get(kind.group, ()):
        return Scope.CLUSTER
    if kind.built_in or kind.kind in _NAMESPACED_CUSTOM.get(kind.group, ()):
        return Scope.NAMESPACED
    return Scope.UNKNOWN
