"""A model of the Hugging Face hub, brought into a bucket by a Job in the cluster, and served from there.

Configuration, all optional but the first:
    bucket    name of the bucket, unique in all of AWS
    repo      repository on the hub; unset, Qwen/Qwen3-0.6B
    revision  branch, tag or commit; unset, main, which stays at the commit that modelstore.lock records
    hubToken  name of a Secret in the Kubernetes namespace `imports` with the key `token`, for gated repositories
    image     image of the Job; unset, pulumi-modelstore:<release>, built from the Dockerfile here
    via       cluster (the default) or client, which sends the files from this machine
"""

import pulumi

from pulumi_modelstore import (
    AccessKey,
    AwsS3,
    GpuInferenceService,
    HuggingFaceRepository,
    ImportJob,
    ModelArtifact,
    SecretKey,
    StorageNamespace,
)

config = pulumi.Config()
models = StorageNamespace("models", backend=AwsS3(bucket=config.require("bucket")))
reader = AccessKey("models-reader", namespace=models, read_only=True)
repository = HuggingFaceRepository(
    repo=config.get("repo") or "Qwen/Qwen3-0.6B",
    revision=config.get("revision") or "main",
    allow=("*.safetensors", "*.json", "*.txt"),
)
via = config.get("via") or "cluster"
job = None
if via == "cluster":
    settings = {"image": config.require("image")} if config.get("image") else {}
    if config.get("hubToken"):
        settings["tokens"] = {"default": SecretKey(secret=config.require("hubToken"), key="token")}
    writer = AccessKey("models-writer", namespace=models)
    job = ImportJob(keys=writer, kubernetes_namespace="imports", **settings)
artifact = ModelArtifact(
    "qwen", namespace=models, source=repository, tags=["latest"], via=via, job=job, keep_versions=3
)
GpuInferenceService(
    "qwen",
    model=artifact.at("latest"),
    credentials=models.kserve_credentials("models-reader", keys=reader, kubernetes_namespace="serving"),
)

pulumi.export("version", artifact.version)
