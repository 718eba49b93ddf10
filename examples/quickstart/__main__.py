"""One namespace on S3, the keys to it, a model in it and a service that reads the model with those keys.

Configuration, all optional:
    model   folder of the model; unset, a small one is written to `model/` once
    bucket  name of the bucket, unique in all of AWS; unset, one made of the stack's name
"""

from pathlib import Path

import pulumi

from pulumi_modelstore import (
    AccessKeyPair,
    AwsS3,
    Gpu,
    GpuInferenceService,
    ModelArtifact,
    Resources,
    StorageNamespace,
    VllmRuntime,
)

config = pulumi.Config()
source = config.get("model") or "model"
if source == "model" and not Path("model").exists():
    from small_model import write_small_model

    write_small_model(Path("model"))

namespace = StorageNamespace(
    "models",
    backend=AwsS3(bucket=config.get("bucket") or f"modelstore-quickstart-{pulumi.get_stack()}"),
    description="Models of the quickstart",
)
keys = AccessKeyPair("models-reader", namespace=namespace, read_only=True)
artifact = ModelArtifact("demo", namespace=namespace, source=source)
credentials = namespace.kserve_credentials("models-reader-kserve", keys=keys, kubernetes_namespace="default")
service = GpuInferenceService(
    "demo",
    model=artifact,
    credentials=credentials,
    runtime=VllmRuntime(image="vllm/vllm-openai:v0.11.0"),
    gpu=Gpu(count=1),
    resources=Resources(cpu="4", memory="16Gi"),
    min_replicas=1,
    max_replicas=2,
)

# Nothing here changes with the model's version: a changed file shows where it matters, in the artifact and the service.
pulumi.export("bucket", namespace.bucket)
pulumi.export("region", namespace.region)
pulumi.export("model", namespace.uri(f"models/{artifact.model}/"))
pulumi.export("access_key_id", keys.access_key_id)
pulumi.export("secret_access_key", keys.secret_access_key)
pulumi.export("service", service.service_name)
