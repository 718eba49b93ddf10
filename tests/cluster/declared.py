"""Objects as this package declares them, and their places on the server."""

from __future__ import annotations

from typing import Any

CREDENTIALS: dict[str, Any] = {
    "metadata": {
        "name": "creds",
        "annotations": {
            "serving.kserve.io/s3-endpoint": "s3.eu-west-1.amazonaws.com",
            "serving.kserve.io/s3-usehttps": "1",
            "serving.kserve.io/s3-region": "eu-west-1",
        },
    },
    "stringData": {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE00000", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG"},
}
ACCOUNT: dict[str, Any] = {"metadata": {"name": "models"}, "secrets": [{"name": "creds"}]}


def service(**model: Any) -> dict[str, Any]:
    """An InferenceService with everything that this package sets."""
    resources = {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "20Gi", "nvidia.com/gpu": "1"}
    model = {
        "modelFormat": {"name": "vLLM"},
        "name": "llm",
        "protocolVersion": "v2",
        "runtime": "kserve-vllmserver",
        "storageUri": "s3://bucket/models/llm/1/",
        "resources": {"requests": resources, "limits": resources},
        **model,
    }
    return {
        "metadata": {
            "name": "llm",
            "annotations": {"serving.kserve.io/deploymentMode": "Standard", "aml-pipeline-tag": "text-generation"},
            "labels": {"aml.cpaas.io/runtime-type": "vllm"},
        },
        "spec": {
            "predictor": {
                "minReplicas": 1,
                "maxReplicas": 2,
                "serviceAccountName": "models",
                "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                "model": model,
            }
        },
    }


def claim(size: str, **spec: Any) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"metadata": {"name": "weights"}, "spec": spec}


def path(namespace: str, resource: str, group: str = "/api/v1") -> str:
    return f"{group}/namespaces/{namespace}/{resource}"


def service_path(namespace: str) -> str:
    return path(namespace, "inferenceservices/llm", "/apis/serving.kserve.io/v1beta1")
