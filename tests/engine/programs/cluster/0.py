import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret, ServiceAccount

secret = Secret("minio", metadata={"name": "minio-creds", "namespace": "models"}, string_data={"KEY": "value-0"})
account = ServiceAccount(
    "account", metadata={"name": "sa-models", "namespace": "models"}, secrets=[{"name": secret.metadata["name"]}]
)
CustomResource(
    "service",
    api_version="serving.kserve.io/v1beta1",
    kind="InferenceService",
    metadata={"name": "demo", "namespace": "models"},
    spec={"predictor": {"minReplicas": 0 + 1, "serviceAccountName": "sa-models"}},
    opts=pulumi.ResourceOptions(depends_on=[account]),
)
