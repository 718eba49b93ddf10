"""A model in a namespace of the configured kind, and the service that serves it."""

import pulumi

from pulumi_modelstore import (
    AccessKeyPair,
    AwsS3,
    ExistingKey,
    Gpu,
    GpuInferenceService,
    ModelArtifact,
    S3Compatible,
    StorageNamespace,
)

config = pulumi.Config()
bucket, endpoint = config.require("bucket"), config.require("endpoint")
if config.require("kind") == "aws-s3":
    # Adopted: the gateway that stands in for AWS does not know public access blocks, encryption or lifecycles.
    namespace = StorageNamespace("models", backend=AwsS3(bucket=bucket, endpoint=endpoint), adopt=True)
    keys = AccessKeyPair("models-reader", namespace=namespace, read_only=True)
else:
    backend = S3Compatible(endpoint=endpoint, bucket=bucket, credentials="env:STORE")
    namespace = StorageNamespace("models", backend=backend)
    keys = AccessKeyPair("models-reader", namespace=namespace, keys=[ExistingKey.from_config("reader")])

credentials = namespace.kserve_credentials("model-reader", keys=keys, kubernetes_namespace="serving")
model = ModelArtifact("tiny", namespace=namespace, source="model", version="v1")
GpuInferenceService(
    "tiny",
    model=model,
    credentials=credentials,
    runtime="kserve-vllmserver",
    model_format="vLLM",
    gpu=Gpu(count=1),
)
