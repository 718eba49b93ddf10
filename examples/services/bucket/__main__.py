"""A model in MinIO, and a service that reads it with the Secret `minio-creds` of the ServiceAccount `sa-models`.

Configuration, all optional but the key:
    endpoint                                    URL of the store
    bucket                                      its bucket
    model                                       folder of the model; unset, a small one is written to `model/` once
    readerAccessKeyId, readerSecretAccessKey    the key that pods read with

The deployer's own key is in STORE_ACCESS_KEY_ID and STORE_SECRET_ACCESS_KEY.
"""

import sys
from pathlib import Path

import pulumi

from pulumi_modelstore import (
    AccessKeyPair,
    ExistingKey,
    GpuInferenceService,
    ModelArtifact,
    Resources,
    S3Compatible,
    StorageNamespace,
)

config = pulumi.Config()
source = config.get("model") or "model"
if source == "model" and not Path("model").exists():
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "quickstart"))
    from small_model import write_small_model

    write_small_model(Path("model"))

backend = S3Compatible(
    endpoint=config.get("endpoint") or "http://minio.minio.svc:9000",
    bucket=config.get("bucket") or "models",
    credentials="env:STORE",
)
models = StorageNamespace("models", backend=backend, description="Models of project A")
keys = AccessKeyPair("models-reader", namespace=models, keys=[ExistingKey.from_config("reader")])
credentials = models.kserve_credentials(
    "project-a",
    keys=keys,
    kubernetes_namespace="project-a",
    secret_name="minio-creds",
    service_account_name="sa-models",
)
qwen = ModelArtifact("qwen", namespace=models, source=source, version="2024-03-20", tags={"latest": "v2", "v2": None})
service = GpuInferenceService(
    "qwen",
    model=qwen.at("latest"),
    credentials=credentials,
    runtime="aml-vllm-0.11.2-cpu",
    model_format="transformers",
    protocol_version="v2",
    gpu=None,
    resources=Resources(cpu="2", memory="4Gi", cpu_limit="4", memory_limit="8Gi"),
    min_replicas=1,
    max_replicas=1,
    model_repository="qwen",
    pipeline_tag="text-generation",
    runtime_type="vllm",
)
pulumi.export("service", service.service_name)
pulumi.export("storage_uri", service.storage_uri)
